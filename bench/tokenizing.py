"""Answers each line {"tokenizer", "sentencepiece", "texts", "threads"} on stdin with seconds for the texts: of processor time one by one, of the clock in threads."""

import json
import os
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "true"

try:
    import sentencepiece
except ImportError:
    sentencepiece = None

for line in sys.stdin:
    request = json.loads(line)
    os.environ["RAYON_NUM_THREADS"] = str(request["threads"])  # read by the first batch
    import tokenizers

    with open(request["texts"], encoding="utf8") as file:
        texts = json.load(file)
    answer = {"version": tokenizers.__version__, "alone": None, "batch": None, "sentencepiece": None}
    if request["tokenizer"] is not None:
        tokenizer = tokenizers.Tokenizer.from_file(request["tokenizer"])
        start = time.process_time()
        for text in texts:
            tokenizer.encode(text)
        answer["alone"] = time.process_time() - start
        tokenizer = tokenizers.Tokenizer.from_file(request["tokenizer"])
        start = time.perf_counter()
        tokenizer.encode_batch(texts)
        answer["batch"] = time.perf_counter() - start
    if request["sentencepiece"] is not None and sentencepiece is not None:
        processor = sentencepiece.SentencePieceProcessor(model_file=request["sentencepiece"])
        start = time.process_time()
        for text in texts:
            processor.encode(text)
        answer["sentencepiece"] = time.process_time() - start
    print(json.dumps(answer), flush=True)
