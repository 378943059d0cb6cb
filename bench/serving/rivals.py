"""Servers in Python, as their documentations have them. `rivals.py <folder> <port> <threads> transformers`: a pipeline behind FastAPI and
uvicorn; `… onnxruntime`: a session and a tokenizer behind the same. `rivals.py <folder> <to>` writes what they load: the ONNX file that
PyTorch makes of a model, with its tokenizer."""

import os
import sys

os.environ["TOKENIZERS_PARALLELISM"] = "false"


def export(folder, to):
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model = AutoModelForSequenceClassification.from_pretrained(folder, attn_implementation="eager").eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)

    class Logits(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, ids, mask, types):
            return self.model(input_ids=ids, attention_mask=mask, token_type_ids=types).logits

    batch = tokenizer(["a text", "another text that is longer"], padding=True, return_tensors="pt")
    names = ["input_ids", "attention_mask", "token_type_ids"]
    os.makedirs(f"{to}/onnx")
    with torch.no_grad():
        torch.onnx.export(
            Logits(),
            tuple(batch[name] for name in names),
            f"{to}/onnx/model.onnx",
            input_names=names,
            output_names=["logits"],
            dynamic_axes={name: {0: "B", 1: "S"} for name in names} | {"logits": {0: "B"}},
            opset_version=17,
            dynamo=False,
        )
    model.config.save_pretrained(to)
    tokenizer.save_pretrained(to)


if len(sys.argv) == 3:
    export(*sys.argv[1:])
    sys.exit()

folder, port, threads, kind = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]

import uvicorn  # noqa: E402
from fastapi import FastAPI  # noqa: E402
from pydantic import BaseModel  # noqa: E402


class Body(BaseModel):
    text: str


app = FastAPI()

if kind == "transformers":
    import torch
    from transformers import pipeline

    torch.set_num_threads(threads)
    classify = pipeline("text-classification", folder, device="cpu", top_k=None)

    # Not async: FastAPI answers it in its pool of threads, and goes on reading meanwhile.
    @app.post("/v1/classify")
    def answer(body: Body):
        return {item["label"]: item["score"] for item in classify([body.text], truncation=True, max_length=128)[0]}

else:
    import numpy as np
    import onnxruntime as ort
    from tokenizers import Tokenizer

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    session = ort.InferenceSession(f"{folder}/onnx/model.onnx", options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
    tokenizer.enable_truncation(128)
    tokenizer.no_padding()
    names = {item.name for item in session.get_inputs()}

    @app.post("/v1/classify")
    def answer(body: Body):
        encoded = tokenizer.encode(body.text)
        feeds = {
            "input_ids": np.array([encoded.ids], dtype=np.int64),
            "attention_mask": np.array([encoded.attention_mask], dtype=np.int64),
            "token_type_ids": np.array([encoded.type_ids], dtype=np.int64),
        }
        (logits,) = session.run(["logits"], {name: feed for name, feed in feeds.items() if name in names})
        shares = np.exp(logits[0] - logits[0].max())
        shares /= shares.sum()
        return {str(label): float(share) for label, share in enumerate(shares)}


@app.get("/healthz")
def healthz():
    return {"status": "alive"}


uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
