import { findDeclaration, loadSettings, readDeclaration } from '../../config/index.ts'
import type { Context } from '../context.ts'
import { CHECKS, type CheckContext, type Finding } from '../doctor/checks.ts'
import { EXIT } from '../failure.ts'
import type { Registrar } from '../registrar.ts'

/** `fairlead doctor`: checks the machine. */
export function registerDoctor({ program, run }: Registrar): void {
  const command = program
    .command('doctor')
    .description('check this machine and the platform on it; say what is wrong and how to mend it')
    .addHelpText('after', '\nExample:\n  fairlead doctor')
  run(command, doctor)
}

async function doctor(context: Context): Promise<number> {
  const { output } = context
  const checks: CheckContext = { settings: settingsOf(context), address: () => context.address, control: () => context.control }
  const findings: Finding[] = []
  for (const { name, run } of CHECKS) {
    const finding = { name, ...(await run(checks).catch((error: unknown) => ({ state: 'wrong' as const, detail: messageOf(error) }))) }
    findings.push(finding)
    if (!output.json) output.line(lineOf(context, finding))
  }
  const wrong = findings.filter((finding) => finding.state === 'wrong').length
  if (output.json) output.document({ ok: wrong === 0, checks: findings })
  else output.line(wrong === 0 ? '\nNothing is wrong.' : `\n${wrong} ${wrong === 1 ? 'thing is' : 'things are'} wrong.`)
  return wrong === 0 ? EXIT.done : EXIT.failed
}

function settingsOf({ globals, io }: Context) {
  const file = findDeclaration(io.cwd)
  const platform = file === undefined ? undefined : readDeclaration(file).content.platform
  return loadSettings({ flags: { data: globals.data }, env: io.env, ...(platform ? { file: platform } : {}) })
}

function lineOf({ output }: Context, { state, name, detail, remedy }: Finding): string {
  const mark = { ok: output.paint('green', '✓ ok   '), warn: output.paint('yellow', '! look '), wrong: output.paint('red', '✗ wrong') }[state]
  return `${mark}  ${name.padEnd(12)} ${detail}${remedy ? `\n                       ${output.paint('dim', remedy)}` : ''}`
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
