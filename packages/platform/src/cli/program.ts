import { FairleadError } from '@fairlead/contract'
import { Command, CommanderError } from 'commander'
import { PROGRAM_VERSION } from '../app/program-version.ts'
import { registerApply } from './commands/apply.ts'
import { registerBatch } from './commands/batch.ts'
import { registerBench } from './commands/bench.ts'
import { registerCompletion } from './commands/completion.ts'
import { registerConformance } from './commands/conformance.ts'
import { registerDeploy } from './commands/deploy.ts'
import { registerDeployments } from './commands/deployments.ts'
import { registerDoctor } from './commands/doctor.ts'
import { registerKeys } from './commands/keys.ts'
import { registerLogs } from './commands/logs.ts'
import { registerModels } from './commands/models.ts'
import { registerPipeline } from './commands/pipeline.ts'
import { registerPredict } from './commands/predict.ts'
import { registerStatus } from './commands/status.ts'
import { registerTypes } from './commands/types.ts'
import { registerUp } from './commands/up.ts'
import { Context, type GlobalOptions } from './context.ts'
import { EXIT, reportFailure } from './failure.ts'
import type { Io } from './io.ts'
import { Output } from './output.ts'
import type { Registrar } from './registrar.ts'

const EXAMPLES = `
Examples:
  fairlead up                                            start a platform in this folder
  fairlead models import model.onnx --name credit-risk   hand over a model
  fairlead deploy credit-risk --model credit-risk        put it to work
  fairlead predict credit-risk --file rows.csv           ask it
  fairlead status                                        see how it does

Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 platform not reachable, 4 not allowed, 10 differences found.`

/** The whole tree of commands. `io` is where they read and write; `ended` takes the exit code of the one that ran. */
export function buildProgram(io: Io, ended: (code: number) => void = () => {}): Command {
  const program = new Command('fairlead')
  program
    .description('From a trained model to a watched endpoint, in one command.')
    .version(PROGRAM_VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help of a command')
    .option('--url <url>', 'address of the platform (control)')
    .option('--token <token>', 'admin token or key for control')
    .option('--data <dir>', 'data folder of a platform on this machine; address and token are read from it')
    .option('--json', 'print one JSON document on stdout; messages go to stderr')
    .option('--quiet', 'no messages and no progress')
    .option('--no-color', 'no colours (NO_COLOR does the same)')
    .option('--yes', 'do not ask before something is removed')
    .addHelpText('after', EXAMPLES)
    .showSuggestionAfterError(true)
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: () => {}, getOutHelpWidth: () => io.stdout.columns ?? 100 })
    .exitOverride()
  const registrar: Registrar = {
    program,
    run: (command, action) =>
      command.action(async () => {
        const context = contextOf(io, command.optsWithGlobals<GlobalOptions>())
        ended(
          (await action(
            context,
            command.processedArgs.flat().filter((value) => value !== undefined),
            command.opts(),
          )) ?? EXIT.done,
        )
      }),
  }
  const all = [
    registerUp,
    registerApply,
    registerModels,
    registerDeploy,
    registerDeployments,
    registerPipeline,
    registerPredict,
    registerBatch,
    registerLogs,
    registerKeys,
    registerTypes,
  ]
  for (const register of [...all, registerBench, registerConformance, registerStatus, registerDoctor, registerCompletion]) register(registrar)
  return program
}

function contextOf(io: Io, globals: GlobalOptions): Context {
  return new Context(io, globals, new Output(io, { json: globals.json ?? false, quiet: globals.quiet ?? false, color: globals.color }))
}

/** Runs a command line. Answers the exit code; nothing is ever thrown. */
export async function runCommand(args: string[], io: Io): Promise<number> {
  let code: number = EXIT.done
  const program = buildProgram(io, (ended) => {
    code = ended
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done
    return fail(error, args, io)
  }
}

/** The help of the command that was named without one of its own, on stderr. */
function printHelp(args: string[], io: Io): void {
  const program = buildProgram(io)
  const command = args.reduce<Command>((found, word) => found.commands.find((inner) => inner.name() === word) ?? found, program)
  command.configureOutput({ writeErr: (text) => io.stderr.write(text), getErrHelpWidth: () => io.stderr.columns ?? 100 }).outputHelp({ error: true })
}

/** Words that people try for what is called otherwise here. */
const OTHER_WORDS: Record<string, string> = {
  delete: 'remove',
  rm: 'remove',
  undeploy: 'remove',
  ls: 'list',
  register: 'import',
  upload: 'import',
  start: 'up',
  serve: 'up',
}

/** Says where a command is that was looked for at the top: `rollback` is `deployments rollback`. */
function elsewhere(error: unknown, io: Io): unknown {
  if (!(error instanceof CommanderError) || error.code !== 'commander.unknownCommand' || error.message.includes('Did you mean')) return error
  const given = /'([^']*)'/.exec(error.message)?.[1] ?? ''
  const program = buildProgram(io)
  const wanted = [given, OTHER_WORDS[given]]
  const found = [program, ...program.commands].flatMap((parent) =>
    parent.commands
      .filter((command) => wanted.includes(command.name()))
      .map((command) => `fairlead ${parent === program ? '' : `${parent.name()} `}${command.name()}`),
  )
  if (found.length === 0) return error
  return new FairleadError('usage', `There is no command "${given}". Did you mean ${found.join(' or ')}?`)
}

function fail(error: unknown, args: string[], io: Io): number {
  // options were perhaps not read yet: usage errors are thrown while they are
  const has = (option: string) => args.includes(option)
  const output = new Output(io, { json: has('--json'), quiet: false, color: !has('--no-color') })
  const missing = error instanceof CommanderError && error.code === 'commander.help'
  if (missing && !output.json) {
    printHelp(args, io)
    return EXIT.usage
  }
  const told = missing ? new FairleadError('usage', 'A command is missing.') : elsewhere(error, io)
  return reportFailure(told, output, Boolean(io.env.FAIRLEAD_DEBUG))
}
