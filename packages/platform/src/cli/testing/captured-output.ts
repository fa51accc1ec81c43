import { PassThrough } from 'node:stream'
import { Output } from '../output.ts'

/** What is printed on stdout, without colours. */
export function capturedOutput(print: (output: Output) => void): string {
  let text = ''
  const stdout = {
    write: (chunk: string | Uint8Array) => {
      text += String(chunk)
      return true
    },
  }
  print(new Output({ stdin: new PassThrough(), stdout, stderr: stdout, env: {}, cwd: '/' }, { json: false, quiet: false, color: false }))
  return text
}
