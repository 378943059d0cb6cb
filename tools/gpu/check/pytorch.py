"""Times of the same training step in PyTorch: pytorch.py SIZE:BATCH:LENGTH:WAY…, one JSON object with the milliseconds of each on stdout.

Ways: float32, tf32, bfloat16 (autocast), each also with `-compile`; attention is SDPA. BertModel of transformers, one dense layer on the pooled output,
dropout 0.1, torch.optim.Adam as it comes; milliseconds are the median and the minimum of 20 steps after 5, each synchronized as `loss.item()` does.
"""
import json
import statistics
import sys
import time

import torch
from transformers import BertConfig, BertModel

SIZES = {"tiny": (2, 128, 2), "minilm": (6, 384, 12), "base": (12, 768, 12)}


def measured(size, batch, length, way):
    precision, compiled = way.split("-")[0], way.endswith("-compile")
    layers, hidden, heads = SIZES[size]
    torch.manual_seed(1)
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
    config = BertConfig(vocab_size=30522, hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=heads, intermediate_size=4 * hidden, attn_implementation="sdpa")
    encoder, dense = BertModel(config).cuda().train(), torch.nn.Linear(hidden, 1).cuda()
    drop = torch.nn.Dropout(0.1)
    optimizer = torch.optim.Adam([*encoder.parameters(), *dense.parameters()], lr=1e-5)

    def loss_of(ids, mask, labels):
        with torch.autocast("cuda", torch.bfloat16, enabled=precision == "bfloat16"):
            logits = dense(drop(encoder(ids, attention_mask=mask).pooler_output))[:, 0]
        return torch.nn.functional.binary_cross_entropy_with_logits(logits.float(), labels)

    run = torch.compile(loss_of) if compiled else loss_of
    data = [(torch.randint(0, 30522, (batch, length)), torch.ones(batch, length, dtype=torch.long), torch.randint(0, 2, (batch,)).float()) for _ in range(25)]
    torch.cuda.reset_peak_memory_stats()
    times = []
    for host in data:
        start = time.perf_counter()
        optimizer.zero_grad()
        loss = run(*(x.cuda(non_blocking=True) for x in host))
        loss.backward()
        optimizer.step()
        loss.item()
        times.append(1000 * (time.perf_counter() - start))
    return {"step_ms": round(statistics.median(times[5:]), 2), "minimum_ms": round(min(times[5:]), 2), "memory_mb": torch.cuda.max_memory_allocated() // 2**20}


found = {"torch": torch.__version__}
for asked in sys.argv[1:]:
    size, batch, length, way = asked.split(":")
    found[asked] = measured(size, int(batch), int(length), way)
print(json.dumps(found))
