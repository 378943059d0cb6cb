"""Times of the same training step in PyTorch: pytorch.py SIZE:BATCH:LENGTH:WAY…, one JSON object with the milliseconds of each on stdout.

Ways: float32, tf32, bfloat16 (autocast), each also with `-compile`; attention is SDPA where transformers has it. BertModel, one dense layer on the pooled
output, dropout 0.1; of DeBERTa and ModernBERT transformers' own classifiers. torch.optim.Adam as it comes; milliseconds are the median and the minimum of 20
steps after 5, each synchronized as `loss.item()` does.
"""
import json
import statistics
import sys
import time

import torch
from transformers import AutoConfig, AutoModelForSequenceClassification, BertConfig, BertModel

SIZES = {"tiny": (2, 128, 2), "minilm": (6, 384, 12), "base": (12, 768, 12)}

BASE = {"hidden_size": 768, "num_attention_heads": 12, "num_labels": 1}
ENCODERS = {
    "deberta-v3-base": {
        **BASE, "model_type": "deberta-v2", "vocab_size": 128100, "num_hidden_layers": 12, "intermediate_size": 3072, "type_vocab_size": 0, "relative_attention": True,
        "position_buckets": 256, "norm_rel_ebd": "layer_norm", "share_att_key": True, "pos_att_type": ["p2c", "c2p"], "position_biased_input": False,
    },
    "modernbert-base": {**BASE, "model_type": "modernbert", "attn_implementation": "sdpa"},
}


class Bert(torch.nn.Module):
    def __init__(self, size):
        super().__init__()
        layers, hidden, heads = SIZES[size]
        config = BertConfig(vocab_size=30522, hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=heads, intermediate_size=4 * hidden, attn_implementation="sdpa")
        self.encoder, self.drop, self.dense = BertModel(config), torch.nn.Dropout(0.1), torch.nn.Linear(hidden, 1)
        self.vocabulary = config.vocab_size

    def forward(self, ids, mask):
        return self.dense(self.drop(self.encoder(ids, attention_mask=mask).pooler_output))


class Published(torch.nn.Module):
    def __init__(self, size):
        super().__init__()
        config = AutoConfig.for_model(**ENCODERS[size])
        self.model, self.vocabulary = AutoModelForSequenceClassification.from_config(config), config.vocab_size

    def forward(self, ids, mask):
        return self.model(ids, attention_mask=mask).logits


def measured(size, batch, length, way):
    precision, compiled = way.split("-")[0], way.endswith("-compile")
    torch.manual_seed(1)
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
    model = (Bert(size) if size in SIZES else Published(size)).cuda().train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-5)

    def loss_of(ids, mask, labels):
        with torch.autocast("cuda", torch.bfloat16, enabled=precision == "bfloat16"):
            logits = model(ids, mask)[:, 0]
        return torch.nn.functional.binary_cross_entropy_with_logits(logits.float(), labels)

    run = torch.compile(loss_of) if compiled else loss_of
    data = [(torch.randint(0, model.vocabulary, (batch, length)), torch.ones(batch, length, dtype=torch.long), torch.randint(0, 2, (batch,)).float()) for _ in range(25)]
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
    try:
        found[asked] = measured(size, int(batch), int(length), way)
    except Exception as error:
        found[asked] = {"failed": f"{type(error).__name__}: {error}"[:300]}
print(json.dumps(found))
