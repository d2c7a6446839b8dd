"""Writes test/fixtures/training/*.json: what PyTorch computes in the small trainings of the training tests.

For each case: ten updates with torch.optim.AdamW and clip_grad_norm_ on a transformers model, every sequence run alone, so
that neither padding nor packing can enter. Kept are the loss (and score) of every position of every update, the norm of the
gradients before clipping, the gradient of every trained tensor at the first update, and those tensors after the last one.

All of it is computed twice, in float64 and in float32. The fixtures hold the float64 numbers, rounded to float32: what an
exact training gives, and the distance of PyTorch's own float32 training from them. Cases live in test/support/training-cases.ts.

Run after the TypeScript is compiled: python scripts/make-training-goldens.py [NAME ...]
"""

import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
import transformers
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional
from transformers import AutoModelForCausalLM

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "test" / "fixtures" / "training"
SUPPORT = ROOT / "dist" / "test" / "support"


class Adapted(nn.Module):
    """y = W x + alpha / rank * B A x, where only A and B are trained."""

    def __init__(self, linear, first, second, factor):
        super().__init__()
        self.linear, self.factor = linear, factor
        self.first, self.second = nn.Parameter(first), nn.Parameter(second)

    def forward(self, x):
        return self.linear(x) + self.factor * functional.linear(functional.linear(x, self.first), self.second)


def normalise_in_own_type(model):
    """transformers computes norms in float32 whatever the model's type; a float64 reference must not."""
    for module in model.modules():
        if type(module).__name__.endswith("RMSNorm"):
            shape, weight, epsilon = module.weight.shape, module.weight, module.variance_epsilon
            module.forward = lambda x, s=shape, w=weight, e=epsilon: functional.rms_norm(x, s, w, e)


class Training:
    def __init__(self, case, directory, dtype):
        self.case, self.dtype = case, dtype
        self.model, info = AutoModelForCausalLM.from_pretrained(
            directory, dtype=torch.float32, attn_implementation="sdpa", output_loading_info=True
        )
        for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"):
            assert not info[kind], (kind, info[kind])
        self.model.to(dtype).train()
        if dtype == torch.float64:
            normalise_in_own_type(self.model)
        self.parameters = dict(self.model.named_parameters())
        added = {name: tensor.to(dtype) for name, tensor in load_file(f"{directory}/added.safetensors").items()}
        if case.get("lora"):
            for parameter in self.parameters.values():
                parameter.requires_grad_(False)
            self.parameters = self.adapt(added)
        self.head = {name: nn.Parameter(tensor) for name, tensor in added.items() if name.startswith("score.")}
        self.parameters.update(self.head)
        decayed = [p for name, p in self.parameters.items() if not name.endswith(("norm.weight", ".bias"))]
        others = [p for name, p in self.parameters.items() if name.endswith(("norm.weight", ".bias"))]
        update = case["update"]
        self.optimizer = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": update["weightDecay"]}, {"params": others, "weight_decay": 0.0}],
            betas=(update["beta1"], update["beta2"]),
            eps=update["epsilon"],
        )

    def adapt(self, added):
        parameters, factor = {}, self.case["lora"]["alpha"] / self.case["lora"]["rank"]
        for name in [name for name in added if name.endswith(".lora_A.weight")]:
            layer = name.removesuffix(".lora_A.weight")
            parent, _, last = layer.rpartition(".")
            owner = self.model.get_submodule(parent)
            adapted = Adapted(getattr(owner, last), added[name], added[f"{layer}.lora_B.weight"], factor)
            setattr(owner, last, adapted)
            parameters[name], parameters[f"{layer}.lora_B.weight"] = adapted.first, adapted.second
        return parameters

    def sequence(self, ids, at, tokens, labels):
        """Losses and scores at the positions `at` of one sequence."""
        inputs = torch.tensor([ids])
        name = self.case["loss"]
        if name in ("binary", "squared"):
            hidden = self.model.model(input_ids=inputs, use_cache=False).last_hidden_state[0, at]
            logits = functional.linear(hidden, self.head["score.weight"], self.head["score.bias"])[:, 0]
            labels = torch.tensor(labels, dtype=self.dtype)
            scores = torch.sigmoid(logits)
            if name == "squared":
                return (scores - labels) ** 2, scores
            return functional.binary_cross_entropy_with_logits(logits, labels, reduction="none"), scores
        logits = self.model(input_ids=inputs, use_cache=False).logits[0, at]
        if name == "next-token":
            return functional.cross_entropy(logits, torch.tensor(tokens), reduction="none"), logits.new_empty(0)
        two = logits[:, self.case["candidates"]]
        labels = torch.tensor(labels, dtype=self.dtype)
        targets = torch.stack([labels, 1 - labels], dim=1)
        return functional.cross_entropy(two, targets, reduction="none"), torch.softmax(two, dim=1)[:, 0]

    def accumulate(self, batch):
        losses, scores = [], []
        for start, end in zip(batch["offsets"], batch["offsets"][1:]):
            chosen = [p for p, position in enumerate(batch["positions"]) if start <= position < end]
            if not chosen:
                continue
            at = [batch["positions"][p] - start for p in chosen]
            pick = lambda field: [batch[field][p] for p in chosen] if batch[field] else []
            loss, score = self.sequence(batch["values"][start:end], at, pick("tokens"), pick("labels"))
            (loss * torch.tensor(pick("weights"), dtype=self.dtype)).sum().backward()
            losses.append(loss.detach())
            scores.append(score.detach())
        return torch.cat(losses), torch.cat(scores)

    def run(self):
        results = {"losses": [], "scores": [], "gradientNorms": []}
        largest = self.case["update"]["maxGradientNorm"]
        for index, (batch, rate) in enumerate(zip(self.case["batches"], self.case["learningRates"])):
            losses, scores = self.accumulate(batch)
            results["losses"].append(losses)
            results["scores"].append(scores)
            if index == 0:
                results["gradients"] = {name: p.grad.clone() for name, p in self.parameters.items()}
            norm = nn.utils.clip_grad_norm_(self.parameters.values(), largest if largest > 0 else float("inf"))
            results["gradientNorms"].append(float(norm))
            for group in self.optimizer.param_groups:
                group["lr"] = rate
            self.optimizer.step()
            self.optimizer.zero_grad()
        results["losses"], results["scores"] = torch.cat(results["losses"]), torch.cat(results["scores"])
        results["weights"] = {name: p.detach() for name, p in self.parameters.items()}
        results["merged"] = {
            f"{name}.weight": module.linear.weight + module.factor * module.second.detach() @ module.first.detach()
            for name, module in self.model.named_modules()
            if isinstance(module, Adapted)
        }
        return results


def difference(exact, rounded):
    """The largest distance, and that distance as a share of the largest element."""
    distance = (exact - rounded.double()).abs().max().item()
    return distance, distance / exact.abs().max().item()


def loss_difference(exact, rounded):
    """The largest distance of a loss; above 1 as a share of it."""
    return ((exact - rounded.double()).abs() / exact.abs().clamp(min=1)).max().item()


def encode(tensor, stride=1):
    values = tensor.detach().flatten()[::stride].float().numpy().astype("<f4")
    return base64.b64encode(values.tobytes()).decode()


def make(name):
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(["node", str(SUPPORT / "write-training-case.js"), name, directory], check=True)
        case = json.loads(pathlib.Path(directory, "case.json").read_text())
        exact = Training(case, directory, torch.float64).run()
        rounded = Training(case, directory, torch.float32).run()
    noise = {
        "lossesRelative": loss_difference(exact["losses"], rounded["losses"]),
        "gradientsRelative": max(difference(g, rounded["gradients"][n])[1] for n, g in exact["gradients"].items()),
        "weights": max(difference(w, rounded["weights"][n])[0] for n, w in exact["weights"].items()),
    }
    golden = {
        "madeBy": {"transformers": transformers.__version__, "torch": torch.__version__.split("+")[0]},
        "float32Difference": noise,
        "losses": encode(exact["losses"]),
        "scores": encode(exact["scores"]),
        "gradientNorms": exact["gradientNorms"],
    }
    for kind in ("gradients", "weights", "merged"):
        golden[kind] = {n: encode(t, case["stride"] if t.dim() > 1 else 1) for n, t in exact[kind].items()}
    FIXTURES.mkdir(parents=True, exist_ok=True)
    (FIXTURES / f"{name}.json").write_text(json.dumps(golden, indent=1) + "\n")
    first, last = exact["losses"][0].item(), exact["losses"][-1].item()
    norms = ", ".join(f"{norm:.2f}" for norm in exact["gradientNorms"])
    print(f"{name}: losses {first:.3f} .. {last:.3f}; norms {norms}; float32 differs by {noise}", flush=True)


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(1)
    listing = "import(process.argv[1]).then((m) => console.log(JSON.stringify(Object.keys(m.trainingCases))))"
    command = ["node", "-e", listing, str(SUPPORT / "training-cases.js")]
    names = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    for chosen in sys.argv[1:] or names:
        make(chosen)
