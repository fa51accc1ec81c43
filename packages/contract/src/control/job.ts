import { z } from 'zod'
import { digest, name, time } from '../name-schemas.ts'

export const JOB_STATES = ['planned', 'running', 'paused', 'done', 'failed', 'cancelled'] as const
export type JobState = (typeof JOB_STATES)[number]

/** Forms of files that jobs read and write: `arrow` is an IPC file, `arrows` an IPC stream. */
export const BATCH_FORMATS = ['csv', 'ndjson', 'parquet', 'arrow', 'arrows'] as const
export type BatchFormat = (typeof BATCH_FORMATS)[number]

const path = z.string().min(1).max(4096)

/** How files are read, where their form leaves that open. */
export const readOptions = z.strictObject({
  format: z.enum(BATCH_FORMATS).optional(),
  /** Of CSV: whether the first line names the columns; without it they are called `1`, `2`, … */
  header: z.boolean().default(true),
  /** Of CSV: one character; guessed among `,` `;` tab `|` where absent. */
  delimiter: z
    .string()
    .regex(/^[\t\x20-\x7e]$/)
    .refine((mark) => !/["\r\n]/.test(mark))
    .optional(),
  encoding: z.enum(['utf-8', 'utf-16le', 'utf-16be', 'latin1', 'windows-1252']).optional(),
})
export type ReadOptions = z.infer<typeof readOptions>

/** A bound for rejected rows: a number of rows, or a share of all of them (`1%`). */
export const badLimit = z.string().regex(/^(\d{1,15}|\d{1,3}(\.\d+)?%)$/, 'a number of rows, or a share such as 1%')

export const jobRequest = z.strictObject({
  deployment: name,
  release: z.number().int().positive().optional(),
  /** Files, folders and globs on the machine of the platform, in the order in which they are read. */
  input: z.array(path).min(1).max(10_000),
  output: path,
  read: readOptions.default({ header: true }),
  outputFormat: z.enum(BATCH_FORMATS).optional(),
  /** Columns of the release by the columns of the files they are taken from, where the names differ. */
  map: z.record(z.string(), z.string()).default({}),
  keepInputs: z.boolean().default(false),
  explain: z.boolean().default(false),
  /** Where rejected rows go; beside the output when absent. */
  quarantine: path.optional(),
  /** The job fails when more rows than that are rejected; without it when every row is. */
  maxBad: badLimit.optional(),
  threads: z.number().int().min(1).max(64).optional(),
  /** Price of an hour of the machine, for the cost of a million rows. */
  pricePerHour: z.number().nonnegative().optional(),
})
export type JobRequest = z.input<typeof jobRequest>
/** A request with every default in its place. */
export type JobSpec = z.output<typeof jobRequest>

/** What the values of one predicted column were. */
export const columnSummary = z.object({
  name: z.string(),
  type: z.string(),
  nulls: z.number().int(),
  /** Of numbers. NaN counts among the nulls. */
  min: z.number().nullable().optional(),
  max: z.number().nullable().optional(),
  mean: z.number().nullable().optional(),
  deviation: z.number().nullable().optional(),
  /** Of texts and truth values: the most frequent ones, and how many rows have others. */
  values: z.array(z.object({ value: z.string(), rows: z.number().int() })).optional(),
  others: z.number().int().optional(),
})
export type ColumnSummary = z.infer<typeof columnSummary>

/** Where the rows of a job are. */
export const jobProgress = z.object({
  shards: z.number().int(),
  shardsDone: z.number().int(),
  /** Rows of the files; an estimate where they do not say. */
  rows: z.number().nullable(),
  rowsDone: z.number(),
  rejected: z.number(),
  rowsPerSecond: z.number(),
  /** Milliseconds until the end, as far as can be told. */
  leftMs: z.number().nullable(),
})
export type JobProgress = z.infer<typeof jobProgress>

export const jobSummary = z.object({
  rows: z.number(),
  scored: z.number(),
  rejected: z.number(),
  seconds: z.number(),
  rowsPerSecond: z.number(),
  peakMemoryBytes: z.number(),
  /** Of the last process that ran it. */
  processorSeconds: z.number(),
  columns: z.array(columnSummary),
  /** Rejected rows by the code of their reason. */
  reasons: z.record(z.string(), z.number()),
  costPerMillion: z.number().optional(),
})
export type JobSummary = z.infer<typeof jobSummary>

export const job = z.object({
  id: z.string(),
  deployment: name,
  release: z.number().int(),
  releaseDigest: digest,
  state: z.enum(JOB_STATES),
  /** One sentence on what is happening. */
  step: z.string(),
  spec: jobRequest,
  progress: jobProgress,
  summary: jobSummary.nullable(),
  /** Where the output is; null until it is there. */
  output: z.string().nullable(),
  /** Where rejected rows are; null where there are none. */
  quarantine: z.string().nullable(),
  error: z.object({ code: z.string(), detail: z.string() }).nullable(),
  createdAt: time,
  createdBy: z.string(),
  startedAt: time.nullable(),
  endedAt: time.nullable(),
})
export type Job = z.infer<typeof job>

/** How a column of the release is filled. */
export const mappedColumn = z.object({
  column: z.string(),
  type: z.string(),
  /** The column of the files; null where an optional one is not there. */
  from: z.string().nullable(),
  fromType: z.string().nullable(),
})

/** What a job would do. */
export const jobPreview = z.object({
  deployment: name,
  release: z.number().int(),
  files: z.number().int(),
  bytes: z.number(),
  rows: z.number().nullable(),
  shards: z.number().int(),
  mapping: z.array(mappedColumn),
  /** Columns of the files that the release does not take. */
  unused: z.array(z.string()),
  /** The columns of the output. */
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  /** The first rows of the output, and those that would be rejected. */
  first: z.array(z.record(z.string(), z.unknown())),
  rejected: z.array(z.object({ row: z.number(), line: z.number().nullable(), column: z.string().nullable(), code: z.string(), reason: z.string() })),
  /** Seconds that it will take, by the rate of the first rows; null where the files do not say how many there are. */
  seconds: z.number().nullable(),
})
export type JobPreview = z.infer<typeof jobPreview>
