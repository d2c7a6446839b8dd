"""Files by pyarrow, as its documentation says: TASK.json. It has no writer of JSON: Python's own takes its rows. Prints {"seconds"}."""

import json
import sys
import time

import numpy as np
import pyarrow as pa
import pyarrow.json
import pyarrow.parquet

COMPRESSIONS = {"gz": "gzip", "zst": "zstd"}


def compression_of(path):
    return COMPRESSIONS.get(path.rsplit(".", 1)[1])


def batches(path):
    if path.endswith(".parquet"):
        file = pyarrow.parquet.ParquetFile(path)
        return file.schema_arrow, file.iter_batches(batch_size=10_000)
    reader = pyarrow.json.open_json(pa.input_stream(path, compression=compression_of(path)))
    return reader.schema, reader


def write(path, schema, parts):
    if path.endswith(".parquet"):
        with pyarrow.parquet.ParquetWriter(path, schema, compression="snappy") as writer:
            for part in parts:
                writer.write_batch(part)
        return
    with pa.output_stream(path, compression=compression_of(path)) as stream:
        for part in parts:
            stream.write("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in part.to_pylist()).encode())


def relabelled(part, etas):
    steps = part.column("steps")
    flat = steps.flatten()
    completions = flat.field("numCompletions").to_numpy()
    correct = flat.field("numCorrect").to_numpy()
    is_terminal = flat.field("terminal").fill_null(False).to_numpy(zero_copy_only=False)
    share = correct / completions
    mean = (correct + 0.5) / (completions + 1)
    deviation = np.where(is_terminal, 0, np.sqrt(mean * (1 - mean) / (completions + 2)))
    labels = {"hard": (correct > 0).astype(np.int32), "soft": share}
    errors = {"soft": deviation}
    for eta in etas:
        labels[f"er:{eta:g}"] = np.log1p(share * np.expm1(eta)) / eta
        errors[f"er:{eta:g}"] = np.expm1(eta) / (eta * (1 + mean * np.expm1(eta))) * deviation
    offsets = pa.array(np.concatenate([[0], np.cumsum(steps.value_lengths().to_numpy())]), pa.int32())
    for name, fields in (("labels", labels), ("standardErrors", errors)):
        lists = [pa.ListArray.from_arrays(offsets, pa.array(values)) for values in fields.values()]
        column = pa.StructArray.from_arrays(lists, names=list(fields))
        part = part.set_column(part.schema.get_field_index(name), name, column)
    return part


with open(sys.argv[1]) as file:
    task = json.load(file)
pa.set_cpu_count(task["threads"])
start = time.perf_counter()
schema, parts = batches(task["from"])
if task["kind"] == "relabel":
    parts = (relabelled(part, task["etas"]) for part in parts)
write(task["to"], schema, parts)
print(json.dumps({"seconds": time.perf_counter() - start}))
