import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { FairleadError } from '@fairlead/contract'
import { type DeclarationFile, findDeclaration, readDeclaration } from '../../config/index.ts'
import { type Applied, applyDeclaration } from '../apply.ts'
import type { Context } from '../context.ts'
import { Progress } from '../progress.ts'
import type { Registrar } from '../registrar.ts'

/** `fairlead apply`: brings the platform to a declaration. */
export function registerApply({ program, run }: Registrar): void {
  const command = program
    .command('apply [dir]')
    .description('bring the platform to what the fairlead.yaml of a folder declares; doing it again changes nothing')
    .addHelpText('after', '\nExample:\n  fairlead apply examples/credit-risk')
  run(command, apply)
}

async function apply(context: Context, [dir = '.']: string[]): Promise<undefined> {
  const file = declarationIn(context.io.cwd, dir)
  const { control, output } = context
  const applied = await applyDeclaration(file, { control, progress: new Progress(output), stdin: context.io.stdin })
  output.result({ applied }, () => {
    for (const one of applied) output.line(`${one.kind.padEnd(10)}  ${appliedText(one)}`)
    if (applied.length === 0) output.note('The declaration names no models and no deployments.')
  })
  return undefined
}

/** One applied thing in words. */
export function appliedText({ kind, name, number, changed }: Applied): string {
  const what = kind === 'model' ? `${name}:${number}` : `${name}, release ${number}`
  return changed ? `${what} made` : `${what} unchanged`
}

/** The declaration of a folder, or of the file that is named. Throws `file-unreadable`. */
export function declarationIn(cwd: string, dir: string): DeclarationFile {
  const path = resolve(cwd, dir)
  const file = statSync(path, { throwIfNoEntry: false })?.isFile() ? path : findDeclaration(path)
  if (file === undefined) throw new FairleadError('file-unreadable', `There is no fairlead.yaml in ${path}.`)
  return readDeclaration(file)
}
