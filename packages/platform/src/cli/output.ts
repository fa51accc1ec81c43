import { styleText } from 'node:util'
import { writeJson } from '@fairlead/contract'
import { alignTable } from './format.ts'
import type { Io } from './io.ts'

type Style = Parameters<typeof styleText>[0]

/** How a command's words leave it. */
export interface OutputOptions {
  json: boolean
  quiet: boolean
  color: boolean
}

/**
 * Results go to stdout: with `--json` one JSON document, else text for people. Messages and progress go to stderr,
 * and not at all with `--quiet`.
 */
export class Output {
  readonly json: boolean
  readonly quiet: boolean
  readonly #io: Io
  readonly #color: boolean

  constructor(io: Io, options: OutputOptions) {
    this.#io = io
    this.json = options.json
    this.quiet = options.quiet
    this.#color = options.color && !io.env.NO_COLOR && io.env.TERM !== 'dumb'
  }

  /** Whether people read the messages on a terminal. */
  get interactive(): boolean {
    return this.#io.stderr.isTTY === true && !this.quiet
  }

  /** Columns of the terminal that shows the messages. */
  get columns(): number {
    return this.#io.stderr.columns ?? 80
  }

  /** Whether results go to a terminal. */
  get stdoutIsTerminal(): boolean {
    return this.#io.stdout.isTTY === true
  }

  /** The result: the value with `--json`, else what `text` prints. */
  result(value: unknown, text: () => void): void {
    if (this.json) this.document(value)
    else text()
  }

  /** One JSON document on stdout. */
  document(value: unknown): void {
    this.#io.stdout.write(`${writeJson(value, 2)}\n`)
  }

  /** One JSON document on one line, where something is followed. */
  record(value: unknown): void {
    this.#io.stdout.write(`${writeJson(value)}\n`)
  }

  /** A line of the result. */
  line(text = ''): void {
    this.#io.stdout.write(`${text}\n`)
  }

  /** Bytes of the result as they are. */
  bytes(chunk: Uint8Array): boolean {
    return this.#io.stdout.write(chunk)
  }

  /** A table of the result. */
  table(header: string[], rows: string[][]): void {
    const [first = '', ...rest] = alignTable(header, rows)
    this.line(this.paint('dim', first))
    for (const line of rest) this.line(line)
  }

  /** A message on stderr. */
  note(text: string): void {
    if (!this.quiet) this.#io.stderr.write(`${text}\n`)
  }

  /** An error on stderr, also with `--quiet`. */
  error(text: string): void {
    this.#io.stderr.write(`${text}\n`)
  }

  /** Raw text on stderr, for progress that overwrites itself. */
  transient(text: string): void {
    if (!this.quiet) this.#io.stderr.write(text)
  }

  /** Styled for stdout, where it is a terminal that wants colour. */
  paint(style: Style, text: string): string {
    return this.#color && this.stdoutIsTerminal ? styleText(style, text, { validateStream: false }) : text
  }

  /** Styled for stderr. */
  tint(style: Style, text: string): string {
    return this.#color && this.#io.stderr.isTTY === true ? styleText(style, text, { validateStream: false }) : text
  }
}
