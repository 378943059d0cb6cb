"""PyTorch's side of the benchmarks: keeps classifiers alive and trains them step by step, as asked on stdin.

One JSON object a line comes in, one goes out. Requests:
    {"op": "open", "name", "threads", "seed", "config": {BertConfig}, "dropout", "ids": [[int]], "labels": [0|1], "lr"}
    {"op": "steps", "name", "count"}  ->  {"milliseconds": [one per step], "loss": of the last}
    {"op": "close", "name"}
"""
import json
import sys
import time

import torch
import transformers
from transformers import BertConfig, BertModel


class Classifier:
    """BertModel, dropout and one dense layer on the pooled output; binary cross-entropy; torch.optim.Adam as it comes."""

    def __init__(self, request):
        torch.set_num_threads(request["threads"])
        torch.manual_seed(request["seed"])
        config = BertConfig(**request["config"], attn_implementation="sdpa")
        self.ids = torch.tensor(request["ids"])
        self.mask = torch.ones_like(self.ids)
        self.labels = torch.tensor(request["labels"], dtype=torch.float32)
        self.encoder = BertModel(config)
        self.dropout = torch.nn.Dropout(request["dropout"])
        self.dense = torch.nn.Linear(config.hidden_size, 1)
        self.modules = torch.nn.ModuleList([self.encoder, self.dropout, self.dense]).train()
        self.optimizer = torch.optim.Adam(self.modules.parameters(), lr=request["lr"])

    def step(self):
        self.optimizer.zero_grad()
        pooled = self.encoder(self.ids, attention_mask=self.mask).pooler_output
        logits = self.dense(self.dropout(pooled))[:, 0]
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, self.labels)
        loss.backward()
        self.optimizer.step()
        return loss.item()


def answer(request, classifiers):
    name = request["name"]
    if request["op"] == "open":
        classifiers[name] = Classifier(request)
        return {"parameters": sum(p.numel() for p in classifiers[name].modules.parameters())}
    if request["op"] == "close":
        del classifiers[name]
        return {}
    milliseconds, loss = [], None
    for _ in range(request["count"]):
        start = time.perf_counter()
        loss = classifiers[name].step()
        milliseconds.append((time.perf_counter() - start) * 1000)
    return {"milliseconds": milliseconds, "loss": loss}


def main():
    classifiers = {}
    print(json.dumps({"python": sys.version.split()[0], "torch": torch.__version__, "transformers": transformers.__version__}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line), classifiers)), flush=True)


main()
