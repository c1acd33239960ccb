"""The CUDA ops beside the same mathematics in PyTorch, eager and compiled, on one GPU.

usage: cuda_ops.py LIBRARY [--op NAME]... [--runs N] [--json FILE] [--csv FILE]
       cuda_ops.py --signatures

LIBRARY is libchorus_cuda.so. Results are compared first, within the tolerances that the cases state; then all three are
timed: medians of runs between CUDA events, with inputs evicted from the second-level cache and the queue filled beforehand.
Needs Python 3.10 and PyTorch 2.8 or newer with CUDA. Exit status: 0, 1 if results differ, 2 for bad arguments, 77 without
PyTorch or a GPU.

--signatures compares the argument lists below with native/include/chorus_cuda.h; it needs neither.
"""
import argparse
import csv
import ctypes
import json
import math
import pathlib
import re
import sys

SKIPPED = 77
F32, BF16 = 0, 1
SOFTPLUS = 1
SIGMOID = 0

# Of every function that is called here, the arguments in order: p a pointer, l int64_t, i int, d double.
SIGNATURES = {
    "chorus_cuda_last_error": "",
    "chorus_cuda_probe": "p",
    "chorus_cuda_clear_fault": "pp",
    "chorus_cuda_fault_status": "pp",
    "chorus_cuda_token_logprob_forward": "pppppp" "lll" "ipp",
    "chorus_cuda_token_logprob_backward": "ppppp" "lll" "ipp",
    "chorus_cuda_ensemble_logprob_forward": "pppppp" "ppppp" "lllpl" "ipp",
    "chorus_cuda_ensemble_logprob_backward": "pppppppp" "ppp" "lllpl" "ipp",
    "chorus_cuda_linear_logprob_rows": "ppppp" "ppppppp" "llll" "dd" "ipp",
    "chorus_cuda_evidential": "ppppppppp" "llll" "id" "ipp",
    "chorus_cuda_dirichlet_posterior_votes": "ppppppppppp" "pppp" "lll" "pp",
    "chorus_cuda_preference_workspace": "il",
    "chorus_cuda_preference": "pppppp" "ppppp" "ppppp" "lidddidd" "ipp",
}
# Where it is not a status.
RESULTS = {
    "chorus_cuda_last_error": ("const char*", ctypes.c_char_p),
    "chorus_cuda_preference_workspace": ("int64_t", ctypes.c_int64),
}
KINDS = {"p": ctypes.c_void_p, "l": ctypes.c_int64, "i": ctypes.c_int, "d": ctypes.c_double}


def declared(header):
    """What the header says: {name: (result, kinds)}."""
    text = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
    functions = {}
    for result, name, arguments in re.findall(r"CHORUS_API\s+([\w\s*]+?)\s*(\w+)\(([^)]*)\)\s*;", text):
        kinds = ""
        for argument in arguments.split(","):
            argument = " ".join(argument.split())
            if argument in ("", "void"):
                continue
            if "*" in argument:
                kinds += "p"
            else:
                kinds += {"int64_t": "l", "int": "i", "double": "d"}.get(argument.split()[-2], "?")
        functions[name] = (result.strip(), kinds)
    return functions


def check_signatures():
    header = pathlib.Path(__file__).resolve().parents[2] / "native" / "include" / "chorus_cuda.h"
    functions = declared(header.read_text(encoding="utf-8"))
    wrong = 0
    for name, kinds in SIGNATURES.items():
        expected = (RESULTS.get(name, ("chorus_status",))[0], kinds)
        if functions.get(name) != expected:
            print(f"{name}: called as {expected}, declared as {functions.get(name, 'nothing')}")
            wrong += 1
    print(f"{len(SIGNATURES)} functions are called of {len(functions)} in {header.name}; {wrong} differ")
    return 1 if wrong else 0


class Failure(Exception):
    pass


class Chorus:
    """The library; tensors are given by their address, None is null."""

    def __init__(self, path, torch, device):
        self.library = ctypes.CDLL(str(path))
        self.torch = torch
        for name, kinds in SIGNATURES.items():
            function = getattr(self.library, name)
            function.argtypes = [KINDS[kind] for kind in kinds]
            function.restype = RESULTS.get(name, ("chorus_status", ctypes.c_int))[1]
        self.fault = torch.empty(1, dtype=torch.int64, device=device)
        self.call("chorus_cuda_clear_fault", self.fault, None)

    def call(self, name, *arguments):
        values = [a.data_ptr() if isinstance(a, self.torch.Tensor) else a for a in arguments]
        if getattr(self.library, name)(*values) != 0:
            raise Failure(self.library.chorus_cuda_last_error().decode())

    def expect_no_fault(self):
        self.call("chorus_cuda_fault_status", self.fault, None)


def pointers(tensors):
    """An array of the host that holds their addresses."""
    return (ctypes.c_void_p * len(tensors))(*[t.data_ptr() for t in tensors])


def integers(values):
    return (ctypes.c_int64 * len(values))(*values)


class Case:
    """chorus() and peer(*inputs) compute the same; compare() gives (name, ours, theirs, absolute, relative)."""

    def __init__(self, op, shape, size_bytes, chorus, peer, inputs, compare, restore=lambda: None, compiled=None):
        self.op, self.shape, self.bytes = op, shape, size_bytes
        self.chorus, self.peer, self.inputs, self.compare, self.restore = chorus, peer, inputs, compare, restore
        # Of torch.compile, the peer that it makes.
        self.compiled = compiled or (lambda compile: compile(peer))


# ---- the same mathematics in PyTorch ----


def peers(torch):
    """Plain PyTorch, as one would write it; torch.compile takes the same functions."""
    functional = torch.nn.functional

    def token_forward(z, targets):
        logs = torch.log_softmax(z.float(), -1)
        logps = logs.gather(-1, targets[:, None])[:, 0]
        return logps, torch.logsumexp(z.float(), -1), -(logs.exp() * logs).sum(-1)

    def token_backward(z, targets, lse, dlogps):
        d = torch.exp(z.float() - lse[:, None]) * -dlogps[:, None]
        return d.scatter_add(-1, targets[:, None], dlogps[:, None]).to(z.dtype)

    def ensemble_forward(models, targets, log_omega, sequence_of_row, sequences):
        rows = [token_forward(z, targets) for z in models]
        logps, lse, entropy = (torch.stack([row[i] for row in rows]) for i in range(3))
        mixture = torch.logsumexp(logps + log_omega[:, None], 0)
        sums = torch.zeros(len(models) + 1, sequences, device=targets.device)
        sums = sums.index_add(1, sequence_of_row, torch.cat([logps, mixture[None]]))
        return logps, lse, entropy, mixture, sums[:-1], sums[-1]

    def ensemble_backward(models, targets, log_omega, logps, lse, dlogps, dmixture):
        responsibility = torch.softmax(logps + log_omega[:, None], 0)
        c = dlogps + responsibility * dmixture
        return [token_backward(z, targets, lse[w], c[w]) for w, z in enumerate(models)]

    def head_rows(z, targets, dlogps):
        logps, lse, entropy = token_forward(z, targets)
        return logps, lse, entropy, token_backward(z, targets, lse, dlogps)

    def evidential(z, y, dloss, kl_weight):
        z = z.detach().requires_grad_()
        with torch.enable_grad():
            alpha = 1 + functional.softplus(z)
            strength = alpha.sum(-1)
            nll = (y * (strength.log()[:, None] - alpha.log())[:, None]).sum(-1).mean(-1)
            a = 1 + (1 - y) * (alpha - 1)[:, None]
            s = a.sum(-1)
            kl = (torch.lgamma(s) - math.lgamma(z.shape[-1]) - torch.lgamma(a).sum(-1)
                  + ((a - 1) * (torch.digamma(a) - torch.digamma(s)[..., None])).sum(-1)).mean(-1)
            loss = nll + kl_weight * kl
            (dlogits,) = torch.autograd.grad(loss, z, dloss)
        return loss.detach(), nll.detach(), kl.detach(), dlogits

    def dirichlet(votes, labelers, prior):
        classes = prior.shape[0]
        answered = torch.where(votes >= 0, labelers, 0.0)
        alpha = prior.expand(votes.shape[0], -1).scatter_add(1, votes.clamp(min=0), answered)
        strength = alpha.sum(-1, keepdim=True)
        p = alpha / strength
        total = -(p * p.log()).sum(-1)
        expected = -(p * (torch.digamma(alpha + 1) - torch.digamma(strength + 1))).sum(-1)
        differential = (torch.lgamma(alpha).sum(-1) - torch.lgamma(strength[:, 0])
                        + (strength[:, 0] - classes) * torch.digamma(strength[:, 0])
                        - ((alpha - 1) * torch.digamma(alpha)).sum(-1))
        return (alpha, p, (alpha - 1) / strength, p * (1 - p) / (strength + 1), p.argmax(-1), total, expected,
                (total - expected).clamp(min=0), differential, (classes - 1) / strength[:, 0], classes / strength[:, 0])

    def dpo(policy_chosen, policy_rejected, ref_chosen, ref_rejected, beta):
        chosen, rejected = beta * (policy_chosen - ref_chosen), beta * (policy_rejected - ref_rejected)
        margin = chosen - rejected
        loss = functional.softplus(-margin)
        slope = beta * torch.sigmoid(-margin)
        totals = torch.stack([loss.double().sum(), margin.double().sum(), (margin > 0).double().sum()])
        return loss, -slope, slope, chosen, rejected, totals

    return locals()


# ---- the cases ----


def token_cases(torch, chorus, device, scale):
    rows, vocabulary = scale(8192, 64), scale(128256, 1000)
    z = (2 * torch.randn(rows, vocabulary, device=device)).bfloat16()
    first = z.clone()
    targets = torch.randint(vocabulary, (rows,), device=device)
    logps, lse, entropy = torch.empty(3, rows, device=device)
    dlogps = torch.randn(rows, device=device)
    functions = peers(torch)
    sizes = (rows, vocabulary, vocabulary, BF16, chorus.fault, None)

    def forward():
        chorus.call("chorus_cuda_token_logprob_forward", logps, lse, entropy, z, targets, None, *sizes)

    def backward():
        chorus.call("chorus_cuda_token_logprob_backward", z, targets, lse, dlogps, None, *sizes)

    # Of elements in f32: a few roundings of numbers of the size of lse.
    yield Case("token_logprob forward", f"bf16 [{rows},{vocabulary}]", 2 * z.numel(), forward,
               functions["token_forward"], (z, targets),
               lambda theirs: [("logps", logps, theirs[0], 1e-4, 1e-5), ("lse", lse, theirs[1], 1e-4, 1e-5),
                               ("entropy", entropy, theirs[2], 1e-3, 1e-4)])
    # Two roundings to bf16 may fall apart by one step, 2^-8.
    yield Case("token_logprob backward", f"bf16 [{rows},{vocabulary}]", 4 * z.numel(), backward,
               functions["token_backward"], (first, targets, lse, dlogps),
               lambda theirs: [("dlogits", z, theirs, 1e-6, 8e-3)], lambda: z.copy_(first))


def ensemble_cases(torch, chorus, device, scale):
    count, rows, vocabulary, sequences = 5, scale(4096, 32), scale(32000, 1000), 16
    models = [(2 * torch.randn(rows, vocabulary, device=device)).bfloat16() for _ in range(count)]
    first = [z.clone() for z in models]
    targets = torch.randint(vocabulary, (rows,), device=device)
    omega = torch.tensor([0.125, 0.25, 0.25, 0.125, 0.25], device=device)
    offsets = torch.arange(sequences + 1, device=device) * rows // sequences
    sequence_of_row = torch.repeat_interleave(torch.arange(sequences, device=device), offsets.diff())
    logps, lse, entropy = torch.empty(3, count, rows, device=device)
    mixture = torch.empty(rows, device=device)
    sums, sum_mixture = torch.empty(count, sequences, device=device), torch.empty(sequences, device=device)
    dlogps, dmixture = torch.randn(count, rows, device=device), torch.randn(rows, device=device)
    functions = peers(torch)
    addresses, strides = pointers(models), integers([vocabulary] * count)
    sizes = (omega, offsets, count, rows, vocabulary, strides, sequences, BF16, chorus.fault, None)

    def forward():
        chorus.call("chorus_cuda_ensemble_logprob_forward", logps, lse, entropy, mixture, sums, sum_mixture, addresses,
                    targets, None, *sizes)

    def backward():
        chorus.call("chorus_cuda_ensemble_logprob_backward", addresses, targets, lse, logps, dlogps, dmixture, None,
                    None, None, *sizes)

    shape = f"bf16 [{count},{rows},{vocabulary}]"
    size = 2 * count * rows * vocabulary
    yield Case("ensemble_logprob forward", shape, size, forward, functions["ensemble_forward"],
               (models, targets, omega.log(), sequence_of_row, sequences),
               lambda theirs: [("logps", logps, theirs[0], 1e-4, 1e-5), ("lse", lse, theirs[1], 1e-4, 1e-5),
                               ("entropy", entropy, theirs[2], 1e-3, 1e-4), ("mixture", mixture, theirs[3], 1e-4, 1e-5),
                               # Sums of hundreds of rows in f32.
                               ("sequence_logps", sums, theirs[4], 1e-2, 1e-5),
                               ("sequence_mixture", sum_mixture, theirs[5], 1e-2, 1e-5)])
    yield Case("ensemble_logprob backward", shape, 2 * size, backward, functions["ensemble_backward"],
               (first, targets, omega.log(), logps, lse, dlogps, dmixture),
               lambda theirs: [(f"dlogits of model {w}", models[w], theirs[w], 1e-6, 8e-3) for w in range(count)],
               lambda: [z.copy_(saved) for z, saved in zip(models, first)])


def linear_cases(torch, chorus, device, scale):
    rows, width, vocabulary = scale(8192, 96), scale(4096, 64), scale(131072, 640)
    chunk = scale(1664, 40)
    hidden = torch.randn(rows, width, device=device).bfloat16()
    weight = (2 / math.sqrt(width) * torch.randn(vocabulary, width, device=device)).bfloat16()
    targets = torch.randint(vocabulary, (rows,), device=device)
    dlogps = torch.full((rows,), -0.5, device=device)
    logps, lse, entropy = torch.empty(3, rows, device=device)
    dhidden, dweight = torch.empty_like(hidden), torch.empty(vocabulary, width, device=device)
    buffer = torch.empty(chunk, vocabulary, dtype=torch.bfloat16, device=device)
    functions = peers(torch)

    def add_to_weight(total, dlogits, h):
        """PyTorch's products of bf16 give f32 on a GPU only."""
        if total.is_cuda:
            torch.addmm(total, dlogits.T, h, out_dtype=torch.float32, out=total)
        else:
            total.add_(dlogits.T.float() @ h.float())

    def ours():
        dweight.zero_()
        for first in range(0, rows, chunk):
            part = slice(first, min(first + chunk, rows))
            z = torch.mm(hidden[part], weight.T, out=buffer[:part.stop - first])
            chorus.call("chorus_cuda_linear_logprob_rows", logps[part], None, lse[part], entropy[part], z, None,
                        targets[part], None, None, None, dlogps[part], None, part.stop - first, vocabulary, 1,
                        vocabulary, 1.0, 0.0, BF16, chorus.fault, None)
            torch.mm(z, weight, out=dhidden[part])
            add_to_weight(dweight, z, hidden[part])

    def peer_with(rows_of_chunk):
        def peer(hidden, weight, targets, dlogps):
            results, total = [], torch.zeros(vocabulary, width, device=device)
            for first in range(0, rows, chunk):
                part = slice(first, min(first + chunk, rows))
                *row_results, dlogits = rows_of_chunk(hidden[part] @ weight.T, targets[part], dlogps[part])
                results.append((*row_results, dlogits @ weight))
                add_to_weight(total, dlogits, hidden[part])
            return *(torch.cat(parts) for parts in zip(*results)), total
        return peer

    # The products are cuBLAS's in all three; what is compiled are the rows between them.
    yield Case("linear_logprob forward + backward", f"bf16 [{rows},{width},{vocabulary}]", None, ours,
               peer_with(functions["head_rows"]), (hidden, weight, targets, dlogps),
               lambda theirs: [("logps", logps, theirs[0], 1e-4, 1e-5), ("lse", lse, theirs[1], 1e-4, 1e-5),
                               ("entropy", entropy, theirs[2], 1e-3, 1e-4),
                               # Products of gradients of which some differ by one step of bf16.
                               ("dhidden", dhidden, theirs[3], 2e-2, 2e-2),
                               ("dweight", dweight, theirs[4], 2e-2, 2e-2)],
               compiled=lambda compile: peer_with(compile(functions["head_rows"])))


def evidential_cases(torch, chorus, device, scale):
    rows, labels, classes, kl_weight = scale(65536, 200), 5, 18, 0.1
    z = 2 * torch.randn(rows, classes, device=device)
    y = torch.softmax(torch.randn(rows, labels, classes, device=device), -1)
    dloss = torch.randn(rows, device=device)
    loss, nll, kl = torch.empty(3, rows, device=device)
    dlogits = torch.empty_like(z)

    def both():
        chorus.call("chorus_cuda_evidential", loss, nll, kl, dlogits, dloss, z, y, None, None, rows, labels, classes,
                    classes, SOFTPLUS, kl_weight, F32, chorus.fault, None)

    # Both in f32, where the KL term's lnGamma cancel.
    yield Case("evidential forward + backward", f"f32 [{rows},{classes}] W={labels}",
               4 * (z.numel() * 2 + y.numel() + 4 * rows), both, peers(torch)["evidential"], (z, y, dloss, kl_weight),
               lambda theirs: [("loss", loss, theirs[0], 2e-4, 1e-4), ("nll", nll, theirs[1], 1e-4, 1e-5),
                               ("kl", kl, theirs[2], 1e-3, 1e-4), ("dlogits", dlogits, theirs[3], 1e-3, 1e-3)])


def dirichlet_cases(torch, chorus, device, scale):
    rows, labelers, classes = scale(1000000, 300), 5, 10
    votes = torch.randint(-1, classes, (rows, labelers), device=device)
    weights = torch.tensor([1, 0.5, 2, 0.25, 1.5], device=device)
    prior = torch.ones(classes, device=device)
    wide = torch.empty(4, rows, classes, device=device)
    label = torch.empty(rows, dtype=torch.int64, device=device)
    measures = torch.empty(6, rows, device=device)

    def posterior():
        chorus.call("chorus_cuda_dirichlet_posterior_votes", *wide, label, *measures, votes, weights, prior, None, rows,
                    labelers, classes, chorus.fault, None)

    def compare(theirs):
        names = ("alpha", "p", "belief", "variance", "total", "expected", "mutual", "differential", "epkl", "vacuity")
        ours = (*wide, *measures)
        # Of equal classes ours is the lowest, theirs any.
        yield "alpha of label", wide[0].gather(1, label[:, None]), wide[0].gather(1, theirs[4][:, None]), 1e-5, 0
        for name, a, b in zip(names, ours, (*theirs[:4], *theirs[5:])):
            # Both in f32, where the differential entropy's lnGamma cancel.
            yield name, a, b, 1e-3 if name == "differential" else 1e-5, 1e-5

    yield Case("dirichlet_posterior of votes", f"i64 [{rows},{labelers}] K={classes}",
               rows * (8 * labelers + 16 * classes + 8 + 24), posterior, peers(torch)["dirichlet"],
               (votes, weights, prior), compare)


def preference_cases(torch, chorus, device, scale):
    pairs, beta = scale(4096, 100), 0.1
    inputs = list(-20 - 40 * torch.rand(4, pairs, device=device))
    results = torch.empty(5, pairs, device=device)
    totals = torch.empty(4, dtype=torch.float64, device=device)
    workspace = torch.empty(chorus.library.chorus_cuda_preference_workspace(SIGMOID, pairs), dtype=torch.uint8,
                            device=device)

    def ours():
        chorus.call("chorus_cuda_preference", *results, totals, workspace, *inputs, None, None, None, None, None, pairs,
                    SIGMOID, beta, 0.0, 0.0, 0, 0.0, 1.0, F32, chorus.fault, None)

    names = ("loss", "dchosen", "drejected", "chosen_rewards", "rejected_rewards")
    # Theirs in f32, of log-probabilities of up to 60.
    yield Case("preference, sigmoid (DPO)", f"f32 {pairs} pairs", 36 * pairs, ours, peers(torch)["dpo"],
               (*inputs, beta),
               lambda theirs: [(name, results[i], theirs[i], 1e-5, 1e-5) for i, name in enumerate(names)]
               + [("totals", totals[:3], theirs[5], 1e-2, 1e-5)])


OPS = {"token_logprob": token_cases, "ensemble_logprob": ensemble_cases, "linear_logprob": linear_cases,
       "evidential": evidential_cases, "dirichlet_posterior": dirichlet_cases, "preference": preference_cases}


# ---- measuring ----


class GpuClock:
    """Medians of runs between events."""

    # Ticks in which the host queues a run, and bytes that evict everything from the second-level cache.
    TICKS, EVICT = 3_000_000, 256 << 20

    def __init__(self, torch, runs):
        self.torch, self.runs = torch, runs
        self.scratch = torch.empty(self.EVICT, dtype=torch.uint8, device="cuda")

    def microseconds(self, body):
        cuda = self.torch.cuda
        for _ in range(3):
            body()
        cuda.synchronize()
        times = []
        for _ in range(self.runs):
            start, stop = cuda.Event(enable_timing=True), cuda.Event(enable_timing=True)
            self.scratch.zero_()
            cuda._sleep(self.TICKS)
            start.record()
            body()
            stop.record()
            stop.synchronize()
            times.append(1000 * start.elapsed_time(stop))
        return sorted(times)[len(times) // 2]

    def extra_bytes(self, body):
        """The most memory that PyTorch takes while body runs, beyond what there was."""
        cuda = self.torch.cuda
        cuda.synchronize()
        before = cuda.memory_allocated()
        cuda.reset_peak_memory_stats()
        body()
        cuda.synchronize()
        return cuda.max_memory_allocated() - before


def differences(torch, case, theirs):
    """What differs by more than the tolerance says."""
    found = []
    for name, a, b, absolute, relative in case.compare(theirs):
        if a.dtype != torch.float64:
            a, b = a.float(), b.float()
        distance = (a - b).abs()
        # NaN is no difference that is small enough.
        if not (distance - absolute - relative * b.abs()).max().item() <= 0:
            found.append(f"{name}: by up to {distance.max().item():.3g}, allowed {absolute:g} + {relative:g} |x|")
    return found


def measure(torch, chorus, case, clock, compile):
    """A row; of a peer that cannot run (too little memory, no compiler) it holds the reason."""
    case.restore()
    case.chorus()
    chorus.expect_no_fault()
    row = {"op": case.op, "shape": case.shape, "chorus_us": clock.microseconds(case.chorus),
           "chorus_extra_mib": clock.extra_bytes(case.chorus) / 2**20}
    row["chorus_gb_per_s"] = case.bytes / row["chorus_us"] / 1000 if case.bytes else None
    # In-place ops have gone on from their own results since.
    case.restore()
    case.chorus()
    wrong, notes = [], []
    for name, make in (("eager", lambda: case.peer), ("compiled", lambda: case.compiled(compile))):
        row |= {f"{name}_us": None, f"{name}_ratio": None, f"{name}_extra_mib": None}
        try:
            peer = make()
            wrong += [f"{name}, {what}" for what in differences(torch, case, peer(*case.inputs))]
            row[f"{name}_us"] = clock.microseconds(lambda: peer(*case.inputs))
            row[f"{name}_extra_mib"] = clock.extra_bytes(lambda: peer(*case.inputs)) / 2**20
            row[f"{name}_ratio"] = row[f"{name}_us"] / row["chorus_us"]
        except Exception as why:  # whatever a peer cannot do is no failure of ours
            notes.append(f"{name} cannot run: {str(why).strip().splitlines()[0] if str(why).strip() else type(why)}")
    return row | {"differences": "; ".join(wrong), "notes": "; ".join(notes)}


# Names, widths and decimals of what is printed.
COLUMNS = (("chorus_us", 11, 1), ("chorus_gb_per_s", 7, 0), ("eager_us", 11, 1), ("eager_ratio", 7, 2),
           ("compiled_us", 11, 1), ("compiled_ratio", 7, 2), ("chorus_extra_mib", 9, 0), ("eager_extra_mib", 9, 0),
           ("compiled_extra_mib", 9, 0))
TITLES = ("chorus/us", "GB/s", "eager/us", "/chorus", "compiled/us", "/chorus", "extra MiB", "eager", "compiled")


def print_row(row):
    numbers = ("-".rjust(width) if row[name] is None else f"{row[name]:{width}.{digits}f}"
               for name, width, digits in COLUMNS)
    print(f"{row['op']:<34} {row['shape']:<24}", *numbers)
    for title in ("differences", "notes"):
        if row[title]:
            print(f"  {title}: {row[title]}")
    sys.stdout.flush()


def failed(op, shape, why):
    """The row of a case that does not run at all."""
    text = str(why).strip().splitlines()
    return {"op": op, "shape": shape, **{name: None for name, _, _ in COLUMNS},
            "differences": f"it cannot run: {text[0] if text else type(why)}", "notes": ""}


def run(torch, chorus, clock, device, scale, compile, ops, keep):
    """The rows; keep(rows) after each."""
    print(f"{'op':<34} {'shape':<24}", *(title.rjust(width) for title, (_, width, _) in zip(TITLES, COLUMNS)))
    rows = []
    with torch.no_grad():
        for op in ops:
            try:
                for case in OPS[op](torch, chorus, device, scale):
                    try:
                        rows.append(measure(torch, chorus, case, clock, compile))
                    except Exception as why:
                        rows.append(failed(case.op, case.shape, why))
                    print_row(rows[-1])
                    keep(rows)
            except Exception as why:  # the next case cannot be made
                rows.append(failed(op, "", why))
                print_row(rows[-1])
                keep(rows)
    return rows


def write(rows, about, json_path, csv_path):
    if json_path:
        with open(json_path, "w", encoding="utf-8") as file:
            json.dump({**about, "rows": rows}, file, indent=1)
    if csv_path:
        with open(csv_path, "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=[*about, *rows[0]])
            writer.writeheader()
            writer.writerows({**about, **row} for row in rows)


def main(arguments=None):
    parser = argparse.ArgumentParser(description="The CUDA ops beside PyTorch, eager and compiled.")
    parser.add_argument("library", nargs="?", help="libchorus_cuda.so")
    parser.add_argument("--op", action="append", choices=list(OPS), help="only this one; may be repeated")
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--json", help="a file for the rows")
    parser.add_argument("--csv", help="a file for the rows")
    parser.add_argument("--signatures", action="store_true", help="compare the argument lists with the header, and end")
    options = parser.parse_args(arguments)
    if options.signatures:
        return check_signatures()
    if not options.library:
        parser.error("which libchorus_cuda.so?")
    if not pathlib.Path(options.library).is_file():
        parser.error(f"{options.library} is not there")
    if options.runs < 1:
        parser.error("--runs is at least 1")
    try:
        import torch
    except ImportError as why:
        print(f"skipped: PyTorch cannot be imported: {why}")
        return SKIPPED
    if not torch.cuda.is_available():
        print(f"skipped: PyTorch {torch.__version__} finds no CUDA device")
        return SKIPPED
    torch.manual_seed(0)
    about = {"device": torch.cuda.get_device_name(), "torch": torch.__version__, "cuda": torch.version.cuda}
    print(", ".join(f"{key} {value}" for key, value in about.items()))
    # Our functions launch on the default stream, as PyTorch does unless it is told otherwise.
    chorus = Chorus(options.library, torch, "cuda")
    rows = run(torch, chorus, GpuClock(torch, options.runs), "cuda", lambda full, small: full, torch.compile,
               options.op or list(OPS), lambda rows: write(rows, about, options.json, options.csv))
    return 1 if any(row["differences"] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
