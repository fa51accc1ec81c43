import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Control } from '@fairlead/client'
import { FairleadError } from '@fairlead/contract'
import type { Context } from '../context.ts'
import { EXIT } from '../failure.ts'
import { unreadableFile } from '../model-source.ts'
import type { Registrar } from '../registrar.ts'
import { essence, type TypedDeployment, typesModule } from '../types/module.ts'

/** `fairlead types`: TypeScript types of deployments. */
export function registerTypes({ program, run }: Registrar): void {
  const command = program
    .command('types <names...>')
    .description("write TypeScript types of deployments' rows, predictions and tensors, for the client @fairlead/client")
    .option('--out <file>', 'the file to write; stdout when not given')
    .option('--check', 'write nothing; exit with 10 when the types in the file of --out are out of date')
    .addHelpText(
      'after',
      '\nExamples:\n  fairlead types credit-risk --out src/deployments.ts\n  fairlead types credit-risk churn --out src/deployments.ts --check',
    )
  run(command, types)
}

/** The release that answers and its signature; a new release that comes between the two questions is waited for. */
async function typedDeployment(control: Control, name: string): Promise<TypedDeployment> {
  const params = { deployment: name }
  for (let tries = 0; tries < 5; tries++) {
    const { current } = await control.call('getDeployment', { params })
    if (!current) throw new FairleadError('not-ready', `The deployment ${name} has no release that answers, so there is no signature to make types of.`)
    const { signature } = await control.call('getDeploymentSignature', { params })
    const after = await control.call('getDeployment', { params })
    if (after.current?.digest === current.digest) return { release: current, signature }
  }
  throw new FairleadError('not-ready', `The deployment ${name} gets new releases faster than its signature can be read.`)
}

async function types({ control, io, output }: Context, names: string[], options: Record<string, unknown>): Promise<number | undefined> {
  const { out, check } = options as { out?: string; check?: boolean }
  if (check && out === undefined) throw new FairleadError('usage', '--check compares a file: name it with --out FILE.')
  const deployments: TypedDeployment[] = []
  for (const name of new Set(names)) deployments.push(await typedDeployment(control, name))
  const module = typesModule(deployments)
  const made = deployments.map(({ release: { deployment, number, digest } }) => ({ deployment, release: number, digest }))
  if (out === undefined) {
    output.result({ deployments: made, module }, () => output.line(module.trimEnd()))
    return undefined
  }
  const file = resolve(io.cwd, out)
  if (check) {
    const upToDate = essence(await textOf(file)) === essence(module)
    output.result({ file: out, upToDate, deployments: made }, () => output.line(`${out} is ${upToDate ? 'up to date' : 'out of date'}`))
    if (!upToDate) output.note(`Make it again with: fairlead types ${[...new Set(names)].join(' ')} --out ${out}`)
    return upToDate ? undefined : EXIT.differences
  }
  await replace(file, module)
  output.result({ file: out, deployments: made }, () => output.line(`${out} is written`))
  return undefined
}

/** A file's text; a file that is not there is as good as an empty one. */
async function textOf(file: string): Promise<string> {
  return await readFile(file, 'utf8').catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw unreadableFile(file, cause)
  })
}

/** Writes a file whole or not at all. */
async function replace(file: string, text: string): Promise<void> {
  const beside = `${file}.${process.pid}.tmp`
  try {
    await writeFile(beside, text)
    await rename(beside, file)
  } catch (cause) {
    await rm(beside, { force: true }).catch(() => {})
    throw new FairleadError('usage', `${file} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}
