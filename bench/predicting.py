"""Classifies the texts of each line {"model", "tokenizer", "texts", "threads", "batch", "max_length"} on stdin by onnxruntime, as fast as it goes in Python: tokenized by all threads, sorted by length, each batch padded to its longest text. Answers with seconds of the clock and of the processor, and the logits."""

import json
import os
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "true"

import numpy
import onnxruntime

for line in sys.stdin:
    request = json.loads(line)
    os.environ["RAYON_NUM_THREADS"] = str(request["threads"])  # read by the first batch
    import tokenizers

    with open(request["texts"], encoding="utf8") as file:
        texts = json.load(file)
    clock, processor = time.perf_counter(), time.process_time()
    tokenizer = tokenizers.Tokenizer.from_file(request["tokenizer"])
    tokenizer.no_padding()
    tokenizer.enable_truncation(request["max_length"])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = request["threads"]
    session = onnxruntime.InferenceSession(request["model"], options, providers=["CPUExecutionProvider"])
    names = {node.name for node in session.get_inputs()}
    encoded = [encoding.ids for encoding in tokenizer.encode_batch(texts)]
    order = sorted(range(len(encoded)), key=lambda row: -len(encoded[row]))
    logits = [None] * len(encoded)
    for start in range(0, len(order), request["batch"]):
        rows = order[start : start + request["batch"]]
        width = len(encoded[rows[0]])
        ids = numpy.zeros((len(rows), width), dtype=numpy.int64)
        mask = numpy.zeros((len(rows), width), dtype=numpy.int64)
        for i, row in enumerate(rows):
            ids[i, : len(encoded[row])] = encoded[row]
            mask[i, : len(encoded[row])] = 1
        feeds = {"input_ids": ids, "attention_mask": mask, "token_type_ids": numpy.zeros_like(ids)}
        (output,) = session.run(["logits"], {name: value for name, value in feeds.items() if name in names})
        for row, values in zip(rows, output.tolist()):
            logits[row] = values
    seconds = {"clock": time.perf_counter() - clock, "processor": time.process_time() - processor}
    print(json.dumps({**seconds, "logits": logits, "version": onnxruntime.__version__}), flush=True)
