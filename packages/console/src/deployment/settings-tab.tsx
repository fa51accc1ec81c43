import type { Deployment, ReleaseSettings } from '@fairlead/contract/control'
import type { ReactNode } from 'react'
import { formatMs } from '../format/number.ts'
import { Empty } from '../ui/feedback.tsx'
import { CodeBlock, Command, Copy, Facts } from '../ui/show.tsx'

function limitWords({ rateLimit, rateBurst, rowQuota }: ReleaseSettings): string {
  const parts = [rateLimit ?? '', rateBurst ? `${rateBurst} at once` : '', rowQuota ? `${rowQuota} rows` : ''].filter((part) => part !== '')
  return parts.length === 0 ? 'none' : parts.join(', ')
}

/** Each setting's name, value and meaning, in the order they are read. */
function settingRows(settings: ReleaseSettings): readonly (readonly [keyof ReleaseSettings, string, string])[] {
  return [
    [
      'extraColumns',
      settings.extraColumns,
      settings.extraColumns === 'refuse' ? 'A row with a column the signature lacks is refused.' : 'Columns the signature lacks are left aside.',
    ],
    [
      'unknownValues',
      settings.unknownValues,
      settings.unknownValues === 'refuse' ? 'A value outside a column’s list is refused.' : 'A value outside a column’s list is given to the model as it is.',
    ],
    [
      'requireKey',
      settings.requireKey ? 'yes' : 'no',
      settings.requireKey ? 'Every prediction needs an API key.' : 'On loopback a prediction needs no API key; elsewhere it does.',
    ],
    ['rateLimit', limitWords(settings), 'Requests and rows of each caller whose key says nothing of its own; beyond it the answer is 429.'],
    ['maxRows', `${settings.maxRows.toLocaleString('en-US')} rows`, 'Most rows of one request.'],
    ['queueRows', `${settings.queueRows.toLocaleString('en-US')} rows`, 'Most rows that wait for the model; beyond that the answer is 503.'],
    ['queueBytes', `${settings.queueBytes.toLocaleString('en-US')} bytes`, 'Most bytes of inputs that wait; beyond that the answer is 503.'],
    ['priority', String(settings.priority), 'Level of requests that name none; 1 goes first, 10 last.'],
    ['deadlineMs', formatMs(settings.deadlineMs), 'A request that waited this long is answered 504 and not computed.'],
    ['execution', settings.execution, 'Where the model runs: inline in the serve process, in worker threads, or as measured at load.'],
    ['runtime', settings.runtime, 'The way the model runs: by ONNX Runtime, compiled, or the fastest exact one of those tried when it was imported.'],
    ['workers', String(settings.workers), 'Worker threads per serve process, when it runs in workers.'],
    ['logEnabled', settings.logEnabled ? 'on' : 'off', 'Whether predictions are recorded.'],
    [
      'logDurability',
      settings.logDurability,
      settings.logDurability === 'sync' ? 'An answer is given once its record is on disk.' : 'Records are written off the path of the answer.',
    ],
    ['logRedact', settings.logRedact.length === 0 ? 'none' : settings.logRedact.join(', '), 'Columns whose values are not recorded.'],
  ]
}

/** Settings and addresses, to read; a new release changes them. */
export function SettingsTab({ deployment }: { deployment: Deployment }) {
  const release = deployment.current
  return (
    <div className="fl-stack" style={{ padding: 16 }}>
      <h3>Addresses</h3>
      <Facts
        long
        items={[
          ['Predictions by rows', <Address key="p" url={deployment.urls.predict} />],
          ['Open Inference Protocol', <Address key="o" url={deployment.urls.oip} />],
          ['OpenAPI document', <Address key="a" url={deployment.urls.openapi} link />],
          ['Documentation page', <Address key="d" url={deployment.urls.docs} link />],
        ]}
      />
      <h3>Settings of the current release</h3>
      {release === null ? (
        <Empty title="No release is current" command={`npx fairlead deploy ${deployment.name} --model MODEL`} />
      ) : (
        <>
          <Facts long items={settingRows(release.settings).map(([name, value, meaning]) => [name, <Setting key={name} value={value} meaning={meaning} />])} />
          <p className="fl-soft">Settings are frozen in a release. A new release changes them:</p>
          <div>
            <Command text={`npx fairlead deploy ${deployment.name} --model ${release.model.name}:${release.model.version} --set maxRows=1000`} />
          </div>
          <h3>Pipeline</h3>
          <CodeBlock text={JSON.stringify(release.pipeline, null, 2)} label="pipeline" />
        </>
      )}
    </div>
  )
}

function Setting({ value, meaning }: { value: string; meaning: string }): ReactNode {
  return (
    <>
      <b>{value}</b> <span className="fl-soft">{meaning}</span>
    </>
  )
}

function Address({ url, link = false }: { url: string; link?: boolean }): ReactNode {
  return (
    <>
      {link ? (
        <a href={url} target="_blank" rel="noreferrer">
          {url}
        </a>
      ) : (
        <code>{url}</code>
      )}{' '}
      <Copy value={url} label="Copy address" />
    </>
  )
}
