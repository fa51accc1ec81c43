import type { Status } from '@fairlead/contract/control'
import { useLiveLink } from '../api/live.ts'
import { clockTime, exactTime } from '../format/time.ts'
import { Icon } from '../ui/icons.tsx'

/** Whether what is on show is live, or how old it is. */
export function AsOf({ status }: { status: Status | undefined }) {
  const link = useLiveLink()
  if (link.state === 'lost') {
    return (
      <span className="fl-asof" data-lost role="status" title="The link to the platform is lost; it is being tried again.">
        <Icon name="warn" size={14} />
        {status ? `Link lost, as of ${clockTime(status.at)}` : 'Link lost'}
      </span>
    )
  }
  return (
    <span className="fl-asof" title={status ? exactTime(status.at) : undefined}>
      <Icon name={link.state === 'live' ? 'ok' : 'unknown'} size={14} />
      {link.state === 'live' ? 'Live' : 'Connecting'}
    </span>
  )
}
