"""Scoring and generation with transformers on two threads, the ordinary way: padded batches, logits of every position.

usage: checkpoint_speed.py score|generate MODEL DATA.jsonl f32|bf16 N BATCH [NEW]

DATA.jsonl has "prompt" and "chosen". The first batch warms up, then all is timed. dev.chorus.benchmarks.CheckpointSpeed does the
same work. Needs Python 3.11 with torch 2.13 and transformers 5.18.
"""
import json
import resource
import sys
import time

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


def batches(rows, size):
    return [rows[i:i + size] for i in range(0, len(rows), size)]


def score(model, tokenizer, rows, size):
    total = 0.0
    for batch in batches(rows, size):
        ids = [tokenizer(r["prompt"] + r["chosen"])["input_ids"] for r in batch]
        starts = [len(tokenizer(r["prompt"])["input_ids"]) for r in batch]
        longest = max(map(len, ids))
        x = torch.zeros(len(batch), longest, dtype=torch.long)
        mask, wanted = torch.zeros_like(x), torch.zeros(len(batch), longest)
        for i, row in enumerate(ids):
            x[i, :len(row)] = torch.tensor(row)
            mask[i, :len(row)] = 1
            wanted[i, starts[i]:len(row)] = 1
        logits = model(input_ids=x, attention_mask=mask).logits[:, :-1].float()
        logps = torch.log_softmax(logits, -1).gather(-1, x[:, 1:, None])[..., 0]
        total += (logps * wanted[:, 1:]).sum().item()
    return total


def generate(model, tokenizer, rows, size, new):
    for batch in batches(rows, size):
        inputs = tokenizer([r["prompt"] for r in batch], return_tensors="pt", padding=True)
        model.generate(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], max_new_tokens=new,
                       min_new_tokens=new, do_sample=False, pad_token_id=tokenizer.pad_token_id)


def main():
    work, folder, data, dtype, count, size = sys.argv[1:7]
    torch.set_num_threads(2)
    torch.set_grad_enabled(False)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype={"f32": torch.float32, "bf16": torch.bfloat16}[dtype]).eval()
    model.generation_config.eos_token_id = None
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
    rows = [json.loads(line) for line in open(data, encoding="utf-8")][:int(count)]
    size = int(size)
    if work == "score":
        score(model, tokenizer, rows[:size], size)
        start = time.time()
        total = score(model, tokenizer, rows, size)
        figure = f"sequences_per_s {len(rows) / (time.time() - start):.2f} sum_logprob {total:.3f}"
    else:
        new = int(sys.argv[7])
        generate(model, tokenizer, rows[:size], size, new)
        start = time.time()
        generate(model, tokenizer, rows, size, new)
        figure = f"new_tokens_per_s {len(rows) * new / (time.time() - start):.1f}"
    print(figure, "peak_rss_mb", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


main()
