import { FairleadError } from '@fairlead/contract'
import { completionScript, SHELLS } from '../completion.ts'
import type { Registrar } from '../registrar.ts'

/** `fairlead completion`: scripts for shells. */
export function registerCompletion({ program, run }: Registrar): void {
  const command = program
    .command('completion <shell>')
    .description(`print the completion script of a shell: ${SHELLS.join(', ')}`)
    .addHelpText('after', '\nExamples:\n  source <(fairlead completion bash)\n  fairlead completion fish | source')
  run(command, async ({ output }, [given = '']) => {
    const shell = SHELLS.find((name) => name === given)
    if (!shell) throw new FairleadError('usage', `There is completion for ${SHELLS.join(', ')}, not for "${given}".`)
    const script = completionScript(shell, program)
    output.result({ shell, script }, () => output.line(script.trimEnd()))
    return undefined
  })
}
