"""PyTorch's side of the benchmarks: keeps classifiers alive and trains them step by step, as asked on stdin.

One JSON object a line comes in, one goes out. Requests:
    {"op": "open", "name", "way": "eager"|"fused"|"compiled", "threads", "seed", "dropout", "lr", "frozen",
     and either "config": {BertConfig} or "model": a model directory}
        ->  {"parameters"}, or {"unavailable": reason}
    {"op": "steps", "name", "ids": [[int]], "mask": [[0|1]], "labels": [0|1], "count"}  ->  {"milliseconds": [one per step], "loss": of the last}
    {"op": "texts", "name", "texts": [str], "labels": [0|1], "width", "train"}  ->  {"milliseconds": one batch, tokenized, in training or in evaluation}
    {"op": "close", "name"}
"""
import gc
import json
import os
import sys
import time

os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")  # no helpers that go on running beside a measurement

import torch
import transformers
from transformers import AutoTokenizer, BertConfig, BertModel


class Classifier:
    """BertModel, dropout and one dense layer on the pooled output; binary cross-entropy; Adam."""

    def __init__(self, request):
        torch.set_num_threads(request["threads"])
        torch.manual_seed(request["seed"])
        if "model" in request:
            self.encoder = BertModel.from_pretrained(request["model"], dtype=torch.float32, attn_implementation="sdpa")
            self.tokenizer = AutoTokenizer.from_pretrained(request["model"])
        else:
            self.encoder = BertModel(BertConfig(**request["config"], attn_implementation="sdpa"))
        self.encoder.requires_grad_(not request["frozen"])
        self.dropout = torch.nn.Dropout(request["dropout"])
        self.dense = torch.nn.Linear(self.encoder.config.hidden_size, 1)
        self.modules = torch.nn.ModuleList([self.encoder, self.dropout, self.dense]).train()
        trained = [p for p in self.modules.parameters() if p.requires_grad]
        self.optimizer = torch.optim.Adam(trained, lr=request["lr"], fused=request["way"] == "fused" or None)
        self.loss = torch.compile(self.loss_of, dynamic=False) if request["way"] == "compiled" else self.loss_of

    def logits(self, ids, mask):
        pooled = self.encoder(ids, attention_mask=mask).pooler_output
        return self.dense(self.dropout(pooled))[:, 0]

    def loss_of(self, ids, mask, labels):
        return torch.nn.functional.binary_cross_entropy_with_logits(self.logits(ids, mask), labels)

    def step(self, ids, mask, labels):
        self.optimizer.zero_grad()
        loss = self.loss(ids, mask, labels)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def texts(self, texts, labels, width, train):
        """One batch as the reference notebook goes through it: every text tokenized anew and padded to the full width."""
        tokens = [self.tokenizer(text, padding="max_length", truncation=True, max_length=width) for text in texts]
        ids = torch.tensor([each["input_ids"] for each in tokens])
        mask = torch.tensor([each["attention_mask"] for each in tokens])
        self.modules.train(train)
        if train:
            self.step(ids, mask, torch.tensor(labels, dtype=torch.float32))
        else:
            with torch.no_grad():
                self.logits(ids, mask).sigmoid()


def milliseconds(action):
    start = time.perf_counter()
    result = action()
    return (time.perf_counter() - start) * 1000, result


def steps(classifier, request):
    batch = (torch.tensor(request["ids"]), torch.tensor(request["mask"]), torch.tensor(request["labels"], dtype=torch.float32))
    taken = [milliseconds(lambda: classifier.step(*batch)) for _ in range(request["count"])]
    return {"milliseconds": [ms for ms, _ in taken], "loss": taken[-1][1]}


def opened(request):
    if request["way"] == "compiled":
        try:  # only compiling something shows whether there is a C++ compiler that does
            torch.compile(lambda x: x.sin() + 1)(torch.ones(8))
        except Exception as error:
            return None, {"unavailable": str(error).strip().split("\n")[0]}
    classifier = Classifier(request)
    return classifier, {"parameters": sum(p.numel() for p in classifier.modules.parameters())}


def answer(request, classifiers):
    name = request["name"]
    if request["op"] == "open":
        classifiers[name], result = opened(request)
        return result
    if request["op"] == "close":
        del classifiers[name]
        gc.collect()
        torch._dynamo.reset()
        return {}
    if request["op"] == "texts":
        return {"milliseconds": milliseconds(lambda: classifiers[name].texts(*(request[key] for key in ("texts", "labels", "width", "train"))))[0]}
    return steps(classifiers[name], request)


def main():
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    classifiers = {}
    print(json.dumps({"python": sys.version.split()[0], "torch": torch.__version__, "transformers": transformers.__version__}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line), classifiers)), flush=True)


main()
