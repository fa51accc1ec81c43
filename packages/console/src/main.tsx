import '@mantine/core/styles.css'
import './styles/tokens.css'
import './styles/base.css'
import './styles/shell.css'
import './styles/data.css'
import './styles/charts.css'
import './styles/drawing.css'
import './styles/try.css'
import { MantineProvider } from '@mantine/core'
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { statusOf } from './api/problem.ts'
import { fetchPages, router } from './app/router.tsx'
import { cssVariables, theme } from './app/theme.ts'

/** An ended session leads to the sign-in page, and from there back to where one was. */
function onError(error: unknown): void {
  const here = router.state.location
  if (statusOf(error) !== 401 || here.pathname === '/sign-in') return
  void router.navigate({ to: '/sign-in', search: { next: here.href }, replace: true })
}

const client = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      retry: (failures, error) => failures < 2 && (statusOf(error) ?? 503) >= 500,
      retryDelay: 500,
      staleTime: 2000,
    },
  },
})

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)

/** Leaves the first view the network to itself. */
const LATER_MS = 1500
setTimeout(() => void fetchPages(), LATER_MS)
