"""The race's other side: fine-tunes a model directory with transformers' Trainer in the way that its users would.

One argument, a JSON file: {"model", "train": rows, "validation": rows, "epochs", "batch_size", "lr", "max_length", "threads", "seed"}, each
row {"text", "label"}. Prints a JSON line after every epoch: {"epoch", "accuracy", "seconds" since the process was started}.
"""
import time

start = time.time()

import json
import os
import sys
import tempfile

os.environ["TOKENIZERS_PARALLELISM"] = "true"

import numpy as np
import torch
import transformers
from transformers import AutoModelForSequenceClassification, AutoTokenizer, DataCollatorWithPadding, PrinterCallback, Trainer, TrainerCallback, TrainingArguments


class Rows(torch.utils.data.Dataset):
    """Tokenized rows; `lengths` is what group_by_length sorts by."""

    def __init__(self, rows, tokenizer, max_length):
        self.tokens = tokenizer([row["text"] for row in rows], truncation=True, max_length=max_length)
        self.labels = [row["label"] for row in rows]

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return {**{key: values[i] for key, values in self.tokens.items()}, "labels": self.labels[i]}


class Report(TrainerCallback):
    def on_evaluate(self, args, state, control, metrics, **rest):
        line = {"epoch": round(state.epoch), "accuracy": metrics["eval_accuracy"], "seconds": time.time() - start}
        print(json.dumps(line), flush=True)


def main():
    given = json.load(open(sys.argv[1], encoding="utf8"))
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(given["threads"])
    tokenizer = AutoTokenizer.from_pretrained(given["model"])
    train, validation = (Rows(given[part], tokenizer, given["max_length"]) for part in ("train", "validation"))
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            num_train_epochs=given["epochs"],
            per_device_train_batch_size=given["batch_size"],
            per_device_eval_batch_size=64,
            learning_rate=given["lr"],
            weight_decay=0.01,
            warmup_steps=0.1,
            lr_scheduler_type="linear",
            optim="adamw_torch_fused",
            train_sampling_strategy="group_by_length",
            eval_strategy="epoch",
            save_strategy="no",
            logging_strategy="no",
            report_to="none",
            disable_tqdm=True,
            use_cpu=True,
            seed=given["seed"],
        )
        trainer = Trainer(
            model_init=lambda: AutoModelForSequenceClassification.from_pretrained(given["model"], num_labels=2, dtype=torch.float32),
            args=arguments,
            train_dataset=train,
            eval_dataset=validation,
            data_collator=DataCollatorWithPadding(tokenizer),
            compute_metrics=lambda result: {"accuracy": float((np.argmax(result.predictions, axis=-1) == result.label_ids).mean())},
            callbacks=[Report()],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()


main()
