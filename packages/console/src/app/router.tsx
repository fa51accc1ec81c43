import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { OverviewPage } from '../pages/overview-page.tsx'
import { SignInPage } from '../pages/sign-in-page.tsx'
import { deploymentSearch, listSearch, modelSearch, signInSearch } from './search.ts'
import { NothingHere, PageFailed, Root, Shell } from './shell.tsx'

const root = createRootRoute({ component: Root })
const signIn = createRoute({ getParentRoute: () => root, path: '/sign-in', validateSearch: signInSearch, component: SignInPage })
const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell })

const overview = createRoute({ getParentRoute: () => shell, path: '/', validateSearch: listSearch, component: OverviewPage })
const models = createRoute({
  getParentRoute: () => shell,
  path: '/models',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('../pages/models-page.tsx'), 'ModelsPage'),
})
const model = createRoute({
  getParentRoute: () => shell,
  path: '/models/$name',
  validateSearch: modelSearch,
  component: lazyRouteComponent(() => import('../pages/model-page.tsx'), 'ModelPage'),
})
const deployments = createRoute({
  getParentRoute: () => shell,
  path: '/deployments',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('../pages/deployments-page.tsx'), 'DeploymentsPage'),
})
const deployment = createRoute({
  getParentRoute: () => shell,
  path: '/deployments/$name',
  validateSearch: deploymentSearch,
  component: lazyRouteComponent(() => import('../pages/deployment-page.tsx'), 'DeploymentPage'),
})
const system = createRoute({
  getParentRoute: () => shell,
  path: '/system',
  component: lazyRouteComponent(() => import('../pages/system-page.tsx'), 'SystemPage'),
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
