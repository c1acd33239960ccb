"""Makes parity fixtures: small random models of every family and setting, with what transformers computes from them.

usage: make_fixtures.py OUT FIXTURES [NAME...]

FIXTURES is java/core/src/test/resources/fixtures, whose tokenizers of gpt2 and llama are used.
Needs Python 3.11 with torch 2.13, transformers 5.18 and safetensors. Then:
mvn test -pl java/core -Dtest=CheckpointParityTest -Dchorus.fixtures=OUT
"""
import json
import os
import shutil
import sys

import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

TEXTS = [
    "wake me up at five am this week",
    "olly quiet!",
    "what's the weather in café münchen tomorrow 🙂",
    "play jazz",
]
BASE = dict(hidden_size=48, intermediate_size=80, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2,
            max_position_embeddings=64)
GPT2 = dict(n_embd=48, n_layer=2, n_head=4, n_positions=64, resid_pdrop=0, embd_pdrop=0, attn_pdrop=0)
OPT = dict(hidden_size=48, ffn_dim=96, num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=64, dropout=0,
           word_embed_proj_dim=48)
NEOX = dict(hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=64)
BLOOM = dict(hidden_size=48, n_layer=2, n_head=4)


def rope(**more):
    return {"rope_parameters": dict(rope_theta=10000.0, **more)}


# name: (model type, settings, options: dtype of the file, bytes of a shard, whether "model." and the like are left out)
VARIANTS = {
    "gpt2_untied": ("gpt2", GPT2 | dict(tie_word_embeddings=False), {}),
    "gpt2_relu_wide": ("gpt2", GPT2 | dict(activation_function="relu", n_inner=100, n_head=6), {}),
    "gpt2_scales": ("gpt2", GPT2 | dict(scale_attn_by_inverse_layer_idx=True, scale_attn_weights=False), {}),
    "gpt2_f16": ("gpt2", GPT2, dict(dtype=torch.float16)),
    "gpt2_bf16": ("gpt2", GPT2, dict(dtype=torch.bfloat16)),
    "gpt2_bare": ("gpt2", GPT2, dict(bare=True)),
    "opt_post": ("opt", OPT | dict(do_layer_norm_before=False, word_embed_proj_dim=24), {}),
    "opt_plain": ("opt", OPT | dict(enable_bias=False, layer_norm_elementwise_affine=False, activation_function="gelu"), {}),
    "opt_no_final": ("opt", OPT | dict(_remove_final_layer_norm=True, num_attention_heads=3), {}),
    "opt_untied_bf16": ("opt", OPT | dict(tie_word_embeddings=False), dict(dtype=torch.bfloat16, shard=60_000)),
    "neox_serial": ("gpt_neox", NEOX | dict(use_parallel_residual=False, attention_bias=False), {}),
    "neox_full": ("gpt_neox", NEOX | rope(rope_type="default", partial_rotary_factor=1.0) | dict(hidden_act="gelu_fast"), {}),
    "neox_tied": ("gpt_neox", NEOX | dict(tie_word_embeddings=True, num_attention_heads=8), dict(shard=50_000)),
    "neox_linear_bf16": ("gpt_neox", NEOX | rope(rope_type="linear", factor=4.0, partial_rotary_factor=0.5), dict(dtype=torch.bfloat16)),
    "bloom_normed": ("bloom", BLOOM | dict(apply_residual_connection_post_layernorm=True), {}),
    "bloom_six_heads": ("bloom", BLOOM | dict(n_head=6), {}),
    "bloom_untied_f16": ("bloom", BLOOM | dict(tie_word_embeddings=False, n_head=12), dict(dtype=torch.float16)),
    "llama_biases": ("llama", BASE | dict(attention_bias=True, mlp_bias=True), {}),
    "llama_one_key": ("llama", BASE | dict(num_key_value_heads=1, head_dim=20, tie_word_embeddings=True), {}),
    "llama_llama3": ("llama", BASE | rope(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16), {}),
    "llama_linear": ("llama", BASE | rope(rope_type="linear", factor=2.5), dict(old_rope=True)),
    "llama_dynamic": ("llama", BASE | rope(rope_type="dynamic", factor=2.0), dict(old_rope=True)),
    "llama_bf16_shards": ("llama", BASE | dict(hidden_act="gelu", rms_norm_eps=1e-5), dict(dtype=torch.bfloat16, shard=40_000)),
    "llama_theta": ("llama", BASE | {"rope_parameters": dict(rope_theta=500000.0, rope_type="default")}, dict(shard=30_000)),
    "llama_wide_head": ("llama", BASE | dict(head_dim=40, num_attention_heads=6, num_key_value_heads=3), dict(bare=True)),
    "mistral_no_window": ("mistral", BASE | dict(sliding_window=None, head_dim=16), {}),
    "mistral_window_5": ("mistral", BASE | dict(sliding_window=5, tie_word_embeddings=True), dict(dtype=torch.bfloat16)),
    "qwen2_slides": ("qwen2", BASE | dict(use_sliding_window=True, sliding_window=6, max_window_layers=1), {}),
    "qwen2_untied": ("qwen2", BASE | dict(tie_word_embeddings=False), dict(dtype=torch.float16, shard=50_000)),
    "qwen3": ("qwen3", BASE | dict(head_dim=16), {}),
    "qwen3_bias": ("qwen3", BASE | dict(head_dim=24, attention_bias=True, tie_word_embeddings=True), dict(dtype=torch.bfloat16)),
    "gemma2": ("gemma2", BASE | dict(head_dim=16, sliding_window=6, query_pre_attn_scalar=20, attn_logit_softcapping=5.0, final_logit_softcapping=8.0), {}),
    "gemma2_no_caps": ("gemma2", BASE | dict(head_dim=12, sliding_window=4, attn_logit_softcapping=None, final_logit_softcapping=None, attention_bias=True), {}),
    "phi3": ("phi3", BASE | dict(sliding_window=7, original_max_position_embeddings=64), {}),
    "phi3_partial": ("phi3", BASE | rope(rope_type="default", partial_rotary_factor=0.5) | dict(num_key_value_heads=4, original_max_position_embeddings=64), dict(shard=60_000)),
}


def make(out, fixtures, name):
    kind, settings, options = VARIANTS[name]
    tokenizer_folder = os.path.join(fixtures, "llama" if kind in ("llama", "mistral", "gemma2", "phi3") else "gpt2")
    torch.manual_seed(sum(map(ord, name)))
    folder = os.path.join(out, name)
    os.makedirs(folder)
    tokenizer = AutoTokenizer.from_pretrained(tokenizer_folder)
    ids = dict(bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id)
    config = AutoConfig.for_model(kind, vocab_size=640, **ids, **settings)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").float().eval()
    with torch.no_grad():
        for key, p in model.named_parameters():
            # Large enough that mistakes show; norms stay near what they begin with.
            if p.dim() > 1:
                p.copy_(torch.randn_like(p) * 0.15)
            else:
                p.add_(torch.randn_like(p) * 0.1)
    dtype = options.get("dtype", torch.float32)
    model.to(dtype)
    model.save_pretrained(folder, max_shard_size=options.get("shard", 10**9))
    # Loaded again, so that what is not a weight (rotary frequencies) was never rounded.
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(os.path.join(tokenizer_folder, file), folder)
    if options.get("bare"):
        strip(folder)
    if options.get("old_rope"):
        respell(folder)
    expect(folder, model, tokenizer)


def strip(folder):
    """Leaves out the prefix of the bare model, as the first uploads do."""
    from safetensors.torch import load_file
    file = os.path.join(folder, "model.safetensors")
    tensors = {k.split(".", 1)[1] if k.split(".")[0] in ("model", "transformer") else k: v for k, v in load_file(file).items()}
    save_file(tensors, file, metadata={"format": "pt"})


def respell(folder):
    """Writes rotary settings as transformers 4 did."""
    file = os.path.join(folder, "config.json")
    config = json.load(open(file))
    settings = config.pop("rope_parameters")
    config["rope_theta"] = settings.pop("rope_theta")
    settings["type"] = settings.pop("rope_type")
    config["rope_scaling"] = settings
    json.dump(config, open(file, "w"), indent=2)


def expect(folder, model, tokenizer):
    ids = [tokenizer(text)["input_ids"] for text in TEXTS]
    longest = max(map(len, ids))
    x = torch.full((len(ids), longest), tokenizer.pad_token_id)
    mask = torch.zeros(len(ids), longest, dtype=torch.long)
    for i, row in enumerate(ids):
        x[i, :len(row)] = torch.tensor(row)
        mask[i, :len(row)] = 1
    logits = model(input_ids=x, attention_mask=mask).logits.float()
    logps = torch.log_softmax(logits[:, :-1], -1).gather(-1, x[:, 1:, None])[..., 0] * mask[:, 1:]
    nll = -logps.sum() / mask[:, 1:].sum()
    nll.backward()
    norms = {k: p.grad.double().norm().item() for k, p in model.named_parameters()}
    greedy = []
    with torch.no_grad():
        for row in ids:
            tokens = list(row)
            for _ in range(16):
                tokens.append(model(input_ids=torch.tensor([tokens])).logits[0, -1].argmax().item())
                if tokens[-1] == tokenizer.eos_token_id:
                    break
            greedy.append(tokens)
    save_file({"input_ids": x.int(), "attention_mask": mask.int(), "logits": logits.detach().contiguous(),
               "token_logprobs": logps.detach().contiguous()}, os.path.join(folder, "expected.safetensors"))
    json.dump({"made_with": "transformers, eager attention, float32", "texts": TEXTS, "input_ids": ids,
               "decoded": [tokenizer.decode(row, skip_special_tokens=True) for row in ids], "mean_nll": nll.item(),
               "sequence_logprob": logps.sum(1).tolist(), "grad_norm_total": sum(n * n for n in norms.values()) ** 0.5,
               "grad_norms": norms, "greedy_16": greedy}, open(os.path.join(folder, "expected.json"), "w"), indent=1)


if __name__ == "__main__":
    for each in sys.argv[3:] or VARIANTS:
        make(sys.argv[1], sys.argv[2], each)
        print(each)
