"""Files by DuckDB, as its documentation says: TASK.json. Prints {"seconds"} of the work."""

import json
import sys
import time

import duckdb


def source(path):
    if path.endswith(".parquet"):
        return f"read_parquet('{path}')"
    # Labels are a struct, as in the other files, not a map.
    return f"read_json('{path}', format = 'newline_delimited', map_inference_threshold = -1)"


def target(path):
    if path.endswith(".parquet"):
        return f"'{path}' (FORMAT parquet, COMPRESSION snappy)"
    compression = {"gz": "gzip", "zst": "zstd"}.get(path.rsplit(".", 1)[1], "none")
    return f"'{path}' (FORMAT json, COMPRESSION {compression})"


SHARE = "(s.numCorrect / s.numCompletions)"
MEAN = "((s.numCorrect + 0.5) / (s.numCompletions + 1))"
DEVIATION = f"sqrt({MEAN} * (1 - {MEAN}) / (s.numCompletions + 2))"


def each_step(expression):
    return f"list_transform(steps, lambda s: {expression})"


def unless_terminal(expression):
    return each_step(f"CASE WHEN s.terminal THEN 0 ELSE {expression} END")


def relabelled(etas):
    labels = {"hard": each_step("(s.numCorrect > 0)::INTEGER"), "soft": each_step(SHARE)}
    errors = {"soft": unless_terminal(DEVIATION)}
    for eta in etas:
        grown = f"(exp({eta}) - 1)"
        labels[f"er:{eta:g}"] = each_step(f"ln(1 + {SHARE} * {grown}) / {eta}")
        errors[f"er:{eta:g}"] = unless_terminal(f"{grown} / ({eta} * (1 + {MEAN} * {grown})) * {DEVIATION}")
    struct = lambda fields: "{" + ", ".join(f"'{name}': {value}" for name, value in fields.items()) + "}"
    return f"* REPLACE ({struct(labels)} AS labels, {struct(errors)} AS standardErrors)"


with open(sys.argv[1]) as file:
    task = json.load(file)
connection = duckdb.connect()
connection.execute(f"SET threads = {task['threads']}")
columns = relabelled(task["etas"]) if task["kind"] == "relabel" else "*"
query = f"COPY (SELECT {columns} FROM {source(task['from'])}) TO {target(task['to'])}"
start = time.perf_counter()
connection.execute(query)
print(json.dumps({"seconds": time.perf_counter() - start}))
