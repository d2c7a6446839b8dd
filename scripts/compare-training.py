"""The reference half of compare-training.mjs: opens trained reward models in transformers and scores solutions with them.

Usage: python compare-training.py CASES.json OUT.json
       python compare-training.py --write policy|rslora|value-head MODEL DIR    writes an adapter with drawn numbers
"""

import json
import os
import sys

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import peft
import torch
import transformers
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoModelForTokenClassification, AutoTokenizer


def open_trained(kind, case):
    model, info = kind.from_pretrained(case["directory"], dtype=torch.float32, output_loading_info=True)
    for wrong in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        assert not info[wrong], (case["name"], wrong, info[wrong])
    return model.eval()


def open_adapter(kind, case):
    options = {"num_labels": 1} if case["kind"] == "classification" else {}
    base = kind.from_pretrained(case["base"], dtype=torch.float32, **options)
    adapted = peft.PeftModel.from_pretrained(base, case["adapter"])
    stored = set(load_file(os.path.join(case["adapter"], "adapter_model.safetensors")))
    read = set(peft.get_peft_model_state_dict(adapted))
    assert stored == read, (case["name"], stored ^ read)
    return adapted.eval()


def numbers(model, case, sequence):
    """What was computed here for the same tokens: a score a step, or a log-probability a token."""
    ids = torch.tensor([sequence["tokenIds"]])
    with torch.no_grad():
        logits = model(input_ids=ids, use_cache=False).logits[0]
    if case["kind"] == "policy":
        return torch.log_softmax(logits[:-1], dim=1).gather(1, ids[0, 1:, None])[:, 0].tolist()
    logits = logits[sequence["positions"]]
    if case["kind"] == "step-tag":
        return torch.softmax(logits[:, case["candidates"]], dim=1)[:, 0].tolist()
    assert logits.shape[1] == 1, logits.shape
    return torch.sigmoid(logits[:, 0]).tolist()


def without_tags(case, sequence):
    tagged = {position - back for position in sequence["positions"] for back in range(case["tagLength"])}
    return [token for index, token in enumerate(sequence["tokenIds"]) if index not in tagged]


def distance(received, expected):
    """The largest difference; above 1 as a share of the number."""
    received, expected = torch.tensor(received, dtype=torch.float64), torch.tensor(expected, dtype=torch.float64)
    assert received.shape == expected.shape and received.isfinite().all() and expected.isfinite().all()
    return ((received - expected).abs() / expected.abs().clamp(min=1)).max().item()


def compare(case, opened, model):
    tokenizer = AutoTokenizer.from_pretrained(case["directory"])
    same, received, expected = 0, [], []
    for sequence in case["sequences"]:
        ids = tokenizer(sequence["text"], add_special_tokens=not tokenizer.chat_template)["input_ids"]
        same += ids == without_tags(case, sequence)
        received += sequence["numbers"]
        expected += numbers(model, case, sequence)
    return {
        "name": case["name"],
        "opened": opened,
        "sequences": len(case["sequences"]),
        "sameTokens": same,
        "largestDifference": distance(received, expected),
        "spread": [min(expected), max(expected)],
    }


def effect_of(case, adapted):
    """The largest change of a number that the adapter makes: one that was not read would pass for a good one."""
    with adapted.disable_adapter():
        plain = [number for sequence in case["sequences"] for number in numbers(adapted, case, sequence)]
    trained = [number for sequence in case["sequences"] for number in sequence["numbers"]]
    return max(abs(a - b) for a, b in zip(plain, trained))


def write_adapter(form, model, directory):
    has_head = form == "value-head"
    kind, options = (AutoModelForTokenClassification, {"num_labels": 1}) if has_head else (AutoModelForCausalLM, {})
    torch.manual_seed(1)
    config = peft.LoraConfig(
        task_type="TOKEN_CLS" if has_head else "CAUSAL_LM",
        r=4,
        lora_alpha=6,
        use_rslora=form == "rslora",
        target_modules="all-linear" if form == "policy" else ["q_proj", "v_proj", "down_proj"],
    )
    adapted = peft.get_peft_model(kind.from_pretrained(model, dtype=torch.float32, **options), config)
    for parameter in adapted.parameters():
        if parameter.requires_grad:
            torch.nn.init.normal_(parameter, std=0.1)
    adapted.save_pretrained(directory)


def main(cases, out):
    results = []
    for case in json.load(open(cases)):
        kind = AutoModelForTokenClassification if case["kind"] == "classification" else AutoModelForCausalLM
        results.append(compare(case, "transformers", open_trained(kind, case)))
        if "adapter" in case:
            adapted = open_adapter(kind, case)
            results.append(compare(case, "the base model with peft", adapted))
            results[-1]["effect"] = effect_of(case, adapted)
    versions = {"transformers": transformers.__version__, "torch": torch.__version__, "peft": peft.__version__}
    with open(out, "w") as file:
        json.dump({**versions, "results": results}, file)


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    if len(sys.argv) == 5 and sys.argv[1] == "--write":
        write_adapter(*sys.argv[2:])
    elif len(sys.argv) == 3:
        main(sys.argv[1], sys.argv[2])
    else:
        sys.exit(__doc__)
