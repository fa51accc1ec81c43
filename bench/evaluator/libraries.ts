import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { python, venvEnv } from '../serving/venv.ts'

/** The libraries in one Python process, each asked for a round by its name. */
export class Libraries {
  readonly #folder: string
  readonly #child
  readonly #lines

  private constructor(folder: string, models: { xgboost: string; onnx: string }) {
    const args = [join(import.meta.dirname, 'libraries.py'), models.xgboost, models.onnx, folder]
    this.#folder = folder
    this.#child = spawn(python(folder), args, { env: { ...process.env, ...venvEnv(folder) }, stdio: ['pipe', 'pipe', 'inherit'] })
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  static async start(folder: string, models: { xgboost: string; onnx: string }): Promise<Libraries> {
    const libraries = new Libraries(folder, models)
    await libraries.#line()
    return libraries
  }

  /** Seconds of a library's fastest run in about a tenth of a second. */
  async seconds(name: string): Promise<number> {
    this.#child.stdin.write(`${name}\n`)
    return Number(await this.#line())
  }

  /** What a library answered. */
  answers(name: string): Float64Array {
    const bytes = readFileSync(join(this.#folder, `${name}.f64`))
    return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next()
    if (done) throw new Error('the Python process ended')
    return value
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end()
    return new Promise((resolve) => this.#child.once('close', () => resolve()))
  }
}
