import type { Command } from 'commander'

const HEAD = `# Command line

\`fairlead\` in an installed package, \`npx fairlead\` in the repository. This page is made from the commands themselves; \`npm run docs\` writes it anew.

The platform is found by \`--url\` and \`--token\`, else by the data folder of \`--data\`, else by \`./.fairlead\`, else by \`FAIRLEAD_URL\` and \`FAIRLEAD_TOKEN\`. Results go to stdout, messages and progress to stderr.

| exit | meaning |
|---|---|
| 0 | done |
| 1 | refused or failed; the reason on stderr (with \`--json\`, the error object on stdout) |
| 2 | wrong usage |
| 3 | platform not reachable |
| 4 | not allowed |
| 10 | there are differences, or findings past a threshold |
`

/** The reference page of the command line, in Markdown. */
export function renderReference(program: Command): string {
  const parts = [HEAD, `## Options of every command\n\n${optionTable(program)}`]
  for (const command of leaves(program)) parts.push(section(command))
  return `${parts.join('\n')}`
}

function leaves(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap((inner) => leaves(inner))
}

function section(command: Command): string {
  const own = command.options.length > 0 ? `\n${optionTable(command)}` : ''
  return `## ${pathOf(command)}\n\n${sentence(command.description())}\n\n\`\`\`\n${pathOf(command)} ${command.usage()}\n\`\`\`\n${own}`
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name()
}

function optionTable(command: Command): string {
  const rows = command.options.map(({ flags, description, mandatory }) => `| \`${flags}\` | ${cell(description)}${mandatory ? ' (required)' : ''} |`)
  return `| option | meaning |\n|---|---|\n${rows.join('\n')}\n`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`
}
