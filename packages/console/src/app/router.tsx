import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { OverviewPage } from '../pages/overview-page.tsx'
import { SignInPage } from '../pages/sign-in-page.tsx'
import { deploymentSearch, listSearch, modelSearch, signInSearch } from './search.ts'
import { NothingHere, PageFailed, Root, Shell } from './shell.tsx'

/** Pages that are fetched when they are first needed, or when the first one stands. */
const LATER = {
  models: () => import('../pages/models-page.tsx'),
  model: () => import('../pages/model-page.tsx'),
  deployments: () => import('../pages/deployments-page.tsx'),
  deployment: () => import('../pages/deployment-page.tsx'),
  system: () => import('../pages/system-page.tsx'),
}

/** Fetches every page, so that all of them still open when the platform does not answer any more. */
export async function fetchPages(): Promise<void> {
  await Promise.allSettled(Object.values(LATER).map((fetch) => fetch()))
}

const root = createRootRoute({ component: Root })
const signIn = createRoute({ getParentRoute: () => root, path: '/sign-in', validateSearch: signInSearch, component: SignInPage })
const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell })

const overview = createRoute({ getParentRoute: () => shell, path: '/', validateSearch: listSearch, component: OverviewPage })
const models = createRoute({
  getParentRoute: () => shell,
  path: '/models',
  validateSearch: listSearch,
  component: lazyRouteComponent(LATER.models, 'ModelsPage'),
})
const model = createRoute({
  getParentRoute: () => shell,
  path: '/models/$name',
  validateSearch: modelSearch,
  component: lazyRouteComponent(LATER.model, 'ModelPage'),
})
const deployments = createRoute({
  getParentRoute: () => shell,
  path: '/deployments',
  validateSearch: listSearch,
  component: lazyRouteComponent(LATER.deployments, 'DeploymentsPage'),
})
const deployment = createRoute({
  getParentRoute: () => shell,
  path: '/deployments/$name',
  validateSearch: deploymentSearch,
  component: lazyRouteComponent(LATER.deployment, 'DeploymentPage'),
})
const system = createRoute({
  getParentRoute: () => shell,
  path: '/system',
  component: lazyRouteComponent(LATER.system, 'SystemPage'),
})
/** Every other address, so that the rail stays beside what is said there. */
const nothing = createRoute({ getParentRoute: () => shell, path: '$', component: NothingHere })

/** The pages of the console. */
export const router = createRouter({
  routeTree: root.addChildren([signIn, shell.addChildren([overview, models, model, deployments, deployment, system, nothing])]),
  defaultPreload: 'intent',
  defaultErrorComponent: PageFailed,
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
