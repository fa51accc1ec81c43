import type { OutputField, Row } from '@fairlead/contract'
import type { Deployment } from '@fairlead/contract/control'
import { Tabs } from '@mantine/core'
import { CodeBlock } from '../ui/show.tsx'
import { curlSnippet, excelSnippet, pythonSnippet, type SnippetInput, typescriptSnippet } from './snippets.ts'

const LANGUAGES: readonly { id: string; label: string; make: (input: SnippetInput) => string }[] = [
  { id: 'curl', label: 'curl', make: curlSnippet },
  { id: 'typescript', label: 'TypeScript', make: typescriptSnippet },
  { id: 'python', label: 'Python', make: pythonSnippet },
  { id: 'excel', label: 'Excel', make: excelSnippet },
]

interface SnippetsProps {
  deployment: Deployment
  row: Row
  columns: string[]
  fields: OutputField[]
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/

/** Whether a call to this address needs a key: everywhere but on loopback, and there when the release says so. */
function needsKey(deployment: Deployment): boolean {
  return deployment.current?.settings.requireKey === true || !LOOPBACK.test(new URL(deployment.urls.predict).hostname)
}

/** The request of the form as it is made from other programs. */
export function Snippets({ deployment, row, columns, fields }: SnippetsProps) {
  const input: SnippetInput = { url: deployment.urls.predict, deployment: deployment.name, row, key: needsKey(deployment), columns, fields }
  return (
    <Tabs defaultValue="curl" keepMounted={false}>
      <Tabs.List aria-label="Language">
        {LANGUAGES.map((language) => (
          <Tabs.Tab key={language.id} value={language.id}>
            {language.label}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {LANGUAGES.map((language) => (
        <Tabs.Panel key={language.id} value={language.id} pt="sm">
          <CodeBlock text={language.make(input)} label={`${language.label} snippet`} />
        </Tabs.Panel>
      ))}
      {input.key ? <p className="fl-small fl-soft">This deployment asks for an API key. Make one under System, or with: npx fairlead keys create</p> : null}
    </Tabs>
  )
}
