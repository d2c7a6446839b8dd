/**
 * Records into a Parquet file (Snappy). The schema needs all records, the file needs the schema first: records are
 * spooled as JSON Lines beside the file and read back, so that memory holds one row group, whatever the number of records.
 */
import { createReadStream } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { ByteWriter, parquetWriteRows } from "hyparquet-writer";
import { writeFully } from "./atomic-file.js";
import { splitLines } from "./lines.js";
import { ParquetSchema } from "./parquet-schema.js";

/** Rows a row group: what the writer and every later reader hold in memory at once. */
const rowGroupSize = 10_000;

/** Writes to `handle`; `path` is the file's name, for messages and for the spool beside it. */
export async function writeParquet(path: string, handle: FileHandle, records: AsyncIterable<unknown>): Promise<void> {
  const spoolPath = `${path}.${process.pid}.spool`;
  const schema = new ParquetSchema();
  try {
    await spool(spoolPath, path, schema, records);
    const writer = writerTo(handle);
    const columns = schema.columnNames().map((name) => ({ name }));
    if (columns.length === 0) columns.push({ name: "id" });
    const elements = schema.columnNames().length > 0 ? { schema: schema.elements() } : {};
    await parquetWriteRows({
      writer,
      rows: unspool(spoolPath),
      columns,
      ...elements,
      rowGroupSize,
      createdBy: "erprm",
    });
    await writer.flush();
  } finally {
    await rm(spoolPath, { force: true });
  }
}

async function spool(spoolPath: string, path: string, schema: ParquetSchema, records: AsyncIterable<unknown>) {
  const file = await open(spoolPath, "w");
  try {
    let line = 0;
    let text = "";
    for await (const record of records) {
      line += 1;
      const json = JSON.stringify(record);
      schema.observe(JSON.parse(json), { file: path, line });
      text += `${json}\n`;
      if (text.length > 1 << 18) {
        await writeFully(file, Buffer.from(text));
        text = "";
      }
    }
    await writeFully(file, Buffer.from(text));
  } finally {
    await file.close();
  }
}

async function* unspool(spoolPath: string): AsyncIterable<Record<string, unknown>> {
  for await (const { text } of splitLines(createReadStream(spoolPath), spoolPath)) yield JSON.parse(text);
}

/** The library's memory writer, emptied into the file after each row group. */
function writerTo(handle: FileHandle): ByteWriter & { flush(): Promise<void> } {
  const writer = new ByteWriter();
  const flush = async (): Promise<void> => {
    await writeFully(handle, writer.getBytes().slice());
    writer.index = 0;
  };
  return Object.assign(writer, { flush });
}
