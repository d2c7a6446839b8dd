"""The reference half of compare-training.mjs: opens trained reward models in transformers and scores solutions with them.

Usage: python compare-training.py CASES.json OUT.json
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
    options = {} if "candidates" in case else {"num_labels": 1}
    base = kind.from_pretrained(case["base"], dtype=torch.float32, **options)
    adapted = peft.PeftModel.from_pretrained(base, case["adapter"])
    stored = set(load_file(os.path.join(case["adapter"], "adapter_model.safetensors")))
    read = set(peft.get_peft_model_state_dict(adapted))
    assert stored == read, (case["name"], stored ^ read)
    return adapted.eval()


def scores(model, case, sequence):
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([sequence["tokenIds"]]), use_cache=False).logits[0, sequence["positions"]]
    if "candidates" in case:
        return torch.softmax(logits[:, case["candidates"]], dim=1)[:, 0].tolist()
    assert logits.shape[1] == 1, logits.shape
    return torch.sigmoid(logits[:, 0]).tolist()


def without_tags(case, sequence):
    tagged = {position - back for position in sequence["positions"] for back in range(case["tagLength"])}
    return [token for index, token in enumerate(sequence["tokenIds"]) if index not in tagged]


def compare(case, opened, model):
    tokenizer = AutoTokenizer.from_pretrained(case["directory"])
    same, largest, every = 0, 0.0, []
    for sequence in case["sequences"]:
        ids = tokenizer(sequence["text"], add_special_tokens=not tokenizer.chat_template)["input_ids"]
        same += ids == without_tags(case, sequence)
        reference = scores(model, case, sequence)
        every += reference
        assert len(reference) == len(sequence["scores"]), case["name"]
        largest = max([largest, *(abs(a - b) for a, b in zip(reference, sequence["scores"]))])
    return {
        "name": case["name"],
        "opened": opened,
        "sequences": len(case["sequences"]),
        "sameTokens": same,
        "largestDifference": largest,
        "spread": [min(every), max(every)],
    }


def effect_of(case, adapted):
    """The largest change of a score that the adapter makes: one that was not read would pass for a good one."""
    with adapted.disable_adapter():
        plain = [score for sequence in case["sequences"] for score in scores(adapted, case, sequence)]
    trained = [score for sequence in case["sequences"] for score in sequence["scores"]]
    return max(abs(a - b) for a, b in zip(plain, trained))


def main(cases, out):
    results = []
    for case in json.load(open(cases)):
        kind = AutoModelForCausalLM if "candidates" in case else AutoModelForTokenClassification
        results.append(compare(case, "transformers", open_trained(kind, case)))
        if "adapter" in case:
            adapted = open_adapter(kind, case)
            results.append(compare(case, "the base model with peft", adapted))
            results[-1]["effect"] = effect_of(case, adapted)
    versions = {"transformers": transformers.__version__, "torch": torch.__version__, "peft": peft.__version__}
    with open(out, "w") as file:
        json.dump({**versions, "results": results}, file)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    transformers.logging.set_verbosity_error()
    main(sys.argv[1], sys.argv[2])
