import { useHotkeys } from '@mantine/hooks'
import { useQueryClient } from '@tanstack/react-query'
import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { followStatus } from '../api/live.ts'
import { Empty, TroubleView } from '../ui/feedback.tsx'
import { Icon, type IconName } from '../ui/icons.tsx'
import { PageHead } from './page-head.tsx'
import { ThemeSwitch } from './theme-switch.tsx'

const Palette = lazy(() => import('./palette.tsx').then((module) => ({ default: module.Palette })))

const PLACES: readonly { to: '/' | '/deployments' | '/models' | '/system'; label: string; icon: IconName }[] = [
  { to: '/', label: 'Overview', icon: 'overview' },
  { to: '/deployments', label: 'Deployments', icon: 'deployments' },
  { to: '/models', label: 'Models', icon: 'models' },
  { to: '/system', label: 'System', icon: 'system' },
]

/** What stands around every page, signed in or not. */
export function Root() {
  return <Outlet />
}

/** The rail, the palette and the live link around the pages of a signed-in reader. */
export function Shell() {
  const client = useQueryClient()
  const [finding, setFinding] = useState(false)
  useEffect(() => followStatus(client), [client])
  useHotkeys([['mod+K', () => setFinding(true)]], [])
  const main = useFocusOnNewPage()
  return (
    <div className="fl-shell">
      <a className="fl-skip" href="#content">
        Skip to content
      </a>
      <Rail onFind={() => setFinding(true)} />
      <main id="content" ref={main} className="fl-main" tabIndex={-1}>
        <div className="fl-content">
          <Outlet />
        </div>
      </main>
      {finding ? (
        <Suspense fallback={null}>
          <Palette onClose={() => setFinding(false)} />
        </Suspense>
      ) : null}
    </div>
  )
}

/** Takes the focus into a page that was gone to, so that a screen reader reads on there and not at the link. */
function useFocusOnNewPage() {
  const main = useRef<HTMLElement>(null)
  const path = useRouterState({ select: (state) => state.resolvedLocation?.pathname })
  const before = useRef<string>(undefined)
  useEffect(() => {
    if (before.current !== undefined && path !== undefined && before.current !== path) main.current?.focus({ preventScroll: true })
    if (path !== undefined) before.current = path
  }, [path])
  return main
}

function Rail({ onFind }: { onFind: () => void }) {
  const mac = /Mac|iPhone|iPad/.test(navigator.userAgent)
  return (
    <nav className="fl-rail" aria-label="Main">
      <Link to="/" className="fl-brand" aria-label="Fairlead, overview">
        <img src="/favicon.svg" alt="" width="24" height="24" />
        Fairlead
      </Link>
      <button type="button" className="fl-find" onClick={onFind} aria-keyshortcuts="Control+K Meta+K">
        <Icon name="search" />
        Find
        <kbd>{mac ? '⌘ K' : 'Ctrl K'}</kbd>
      </button>
      <div className="fl-places">
        {PLACES.map((place) => (
          <Link key={place.to} to={place.to} className="fl-rail-link" activeOptions={{ exact: place.to === '/', includeSearch: false }}>
            <Icon name={place.icon} size={18} />
            {place.label}
          </Link>
        ))}
      </div>
      <div className="fl-rail-foot">
        <ThemeSwitch />
      </div>
    </nav>
  )
}

/** The page of an address that leads nowhere. */
export function NothingHere() {
  const path = useRouterState({ select: (state) => state.location.pathname })
  return (
    <>
      <PageHead title="Not found" />
      <section className="fl-panel">
        <Empty title="There is nothing at this address">
          <code>{path}</code> is not a page of this console. <Link to="/">Go to the overview</Link>
        </Empty>
      </section>
    </>
  )
}

/** What stands in place of a page that failed to draw. */
export function PageFailed({ error }: { error: unknown }) {
  return (
    <section className="fl-panel">
      <TroubleView error={error} retry={() => window.location.reload()} />
    </section>
  )
}
