#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same inner step in PyTorch, eager mode, fp32: what `pathloomctl bench inner` is compared with.

The model of engine/model: pre-RMSNorm, no biases, SwiGLU (8/3 d rounded to 32), RMSNorm of queries and keys, rotary positions,
full causal attention, tied head; AdamW (0.9, 0.95, weight decay 0.1 on matrices) after clipping the gradient norm to 1.
Prints one JSON document. Needs Debian's python3-torch (tests/bench/packages.txt).
"""
import argparse
import json
import math
import resource
import statistics
import sys
import time

import torch
import torch.nn.functional as F


class RMSNorm(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.ones(width))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * self.gain


def rotate(x, cosine, sine):
    a, b = x.chunk(2, dim=-1)
    return torch.cat((a * cosine - b * sine, b * cosine + a * sine), dim=-1)


class Block(torch.nn.Module):
    def __init__(self, d, heads, hidden):
        super().__init__()
        self.heads, self.head_dim = heads, d // heads
        self.norm1, self.norm2 = RMSNorm(d), RMSNorm(d)
        self.q_norm, self.k_norm = RMSNorm(self.head_dim), RMSNorm(self.head_dim)
        self.qkv = torch.nn.Linear(d, 3 * d, bias=False)
        self.out = torch.nn.Linear(d, d, bias=False)
        self.up = torch.nn.Linear(d, 2 * hidden, bias=False)
        self.down = torch.nn.Linear(hidden, d, bias=False)

    def forward(self, x, cosine, sine, mask):
        batch, sequence, d = x.shape
        shape = (batch, sequence, self.heads, self.head_dim)
        q, k, v = self.qkv(self.norm1(x)).chunk(3, dim=-1)
        q = rotate(self.q_norm(q.view(shape)).transpose(1, 2), cosine, sine)
        k = rotate(self.k_norm(k.view(shape)).transpose(1, 2), cosine, sine)
        scores = q @ k.transpose(-1, -2) / math.sqrt(self.head_dim) + mask
        seen = scores.softmax(-1) @ v.view(shape).transpose(1, 2)
        x = x + self.out(seen.transpose(1, 2).reshape(batch, sequence, d))
        gate, up = self.up(self.norm2(x)).chunk(2, dim=-1)
        return x + self.down(F.silu(gate) * up)


class Model(torch.nn.Module):
    def __init__(self, vocabulary, d, heads, blocks, sequence):
        super().__init__()
        hidden = (8 * d // 3 + 16) // 32 * 32
        self.embedding = torch.nn.Embedding(vocabulary, d)
        torch.nn.init.normal_(self.embedding.weight, std=0.02)
        self.blocks = torch.nn.ModuleList([Block(d, heads, hidden) for _ in range(blocks)])
        self.norm = RMSNorm(d)
        frequencies = 10000.0 ** (-2.0 * torch.arange(d // heads // 2) / (d // heads))
        angles = torch.arange(sequence)[:, None] * frequencies[None, :]
        self.register_buffer("cosine", angles.cos())
        self.register_buffer("sine", angles.sin())
        self.register_buffer("mask", torch.full((sequence, sequence), -math.inf).triu(1))

    def forward(self, tokens):
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x, self.cosine, self.sine, self.mask)
        return self.norm(x) @ self.embedding.weight.T


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, value in (("d-model", 256), ("heads", 4), ("blocks", 6), ("vocabulary", 4096), ("sequence", 512), ("batch", 8),
                        ("threads", 1), ("steps", 5)):
        parser.add_argument("--" + name, type=int, default=value)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.set_num_interop_threads(1)
    torch.manual_seed(1)
    model = Model(options.vocabulary, options.d_model, options.heads, options.blocks, options.sequence)
    matrices = [p for p in model.parameters() if p.dim() > 1]
    gains = [p for p in model.parameters() if p.dim() == 1]
    optimiser = torch.optim.AdamW([{"params": matrices, "weight_decay": 0.1}, {"params": gains, "weight_decay": 0.0}], lr=1e-3,
                                  betas=(0.9, 0.95), eps=1e-8)
    generator = torch.Generator().manual_seed(11)
    tokens = torch.randint(options.vocabulary, (options.batch, options.sequence + 1), generator=generator)
    inputs, targets = tokens[:, :-1], tokens[:, 1:]
    seconds, cpu, losses = [], [], []
    for step in range(options.steps + 1):  # the first warms up
        begin, cpu_begin = time.perf_counter(), time.process_time()
        optimiser.zero_grad(set_to_none=True)
        logits = model(inputs)
        loss = F.cross_entropy(logits.reshape(-1, options.vocabulary), targets.reshape(-1))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        losses.append(loss.item())
        if step > 0:
            seconds.append(time.perf_counter() - begin)
            cpu.append(time.process_time() - cpu_begin)
    count = options.batch * options.sequence
    json.dump({"bench": "torch-eager", "torch": torch.__version__, "precision": "fp32", "threads": options.threads,
               "d_model": options.d_model, "heads": options.heads, "blocks": options.blocks, "vocabulary": options.vocabulary,
               "sequence": options.sequence, "batch": options.batch, "steps": options.steps,
               "parameters": sum(p.numel() for p in model.parameters()),
               "tokens_per_second": count / statistics.median(seconds), "tokens_per_cpu_second": count / statistics.median(cpu),
               "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "loss_first": losses[0],
               "loss_last": losses[-1]}, sys.stdout)
    print()


if __name__ == "__main__":
    main()
