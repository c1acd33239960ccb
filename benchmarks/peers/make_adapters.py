"""Makes small LoRA adapters with PEFT, beside the tiny models of the parity fixtures, with what PEFT computes from them.

usage: make_adapters.py FIXTURES OUT [NAME...]

FIXTURES is java/core/src/test/resources/fixtures, OUT is java/core/src/test/resources/adapters.
Needs Python 3.11 with torch 2.13, transformers 5.18 and peft 0.21.
"""
import json
import os
import sys

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

# name: (base model, what PEFT is told)
ADAPTERS = {
    "llama_all_linear": ("llama", dict(r=4, lora_alpha=8, lora_dropout=0.1, target_modules="all-linear")),
    "gpt2_rslora": ("gpt2", dict(r=4, lora_alpha=8, use_rslora=True, target_modules=["c_attn", "mlp.c_proj"], fan_in_fan_out=True)),
}
TEXTS = 3
LOGITS = 24


def make(fixtures, out, name):
    base, settings = ADAPTERS[name]
    ids = json.load(open(os.path.join(fixtures, base, "expected.json")))["input_ids"][:TEXTS]
    model = AutoModelForCausalLM.from_pretrained(
        os.path.join(fixtures, base), dtype=torch.float32, attn_implementation="eager")
    model.name_or_path = base
    torch.manual_seed(sum(map(ord, name)))
    adapted = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **settings)).eval()
    with torch.no_grad():
        for key, p in adapted.named_parameters():
            # PEFT begins with B = 0; large enough that a mistake shows in every logit.
            if "lora_" in key:
                p.copy_(torch.randn_like(p) * 0.1)
    folder = os.path.join(out, name)
    adapted.save_pretrained(folder)
    os.remove(os.path.join(folder, "README.md"))
    file = os.path.join(folder, "adapter_config.json")
    config = json.load(open(file))
    config["base_model_name_or_path"] = base
    # A set, whose order changes from run to run.
    config["target_modules"].sort()
    json.dump(config, open(file, "w"), indent=1, sort_keys=True)
    expected = {"made_with": "peft 0.21, transformers, eager attention, float32", "base": base, "input_ids": ids}
    for key, logits in compute(adapted, ids).items():
        expected[key] = logits
    with adapted.disable_adapter():
        for key, logits in compute(adapted, ids).items():
            expected["base_" + key] = logits
    json.dump(expected, open(os.path.join(folder, "expected.json"), "w"), indent=1)


@torch.no_grad()
def compute(model, ids):
    """Log-probabilities of every token but the first, and the first logits of the last position."""
    logps, last = [], []
    for row in ids:
        x = torch.tensor([row])
        logits = model(input_ids=x).logits[0].float()
        logps.append(torch.log_softmax(logits[:-1], -1).gather(-1, x[0, 1:, None])[:, 0].tolist())
        last.append(logits[-1, :LOGITS].tolist())
    return {"token_logprobs": logps, "last_logits": last}


if __name__ == "__main__":
    for each in sys.argv[3:] or ADAPTERS:
        make(sys.argv[1], sys.argv[2], each)
        print(each)
