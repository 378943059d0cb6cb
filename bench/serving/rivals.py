"""Transformers behind FastAPI and uvicorn, as its documentation serves a pipeline. Arguments: folder, port, threads, kind."""

import os
import sys

folder, port, threads, kind = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
os.environ["TOKENIZERS_PARALLELISM"] = "false"

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
