// SPDX-License-Identifier: Apache-2.0
// The icons in use, imported one by one so that the other 1,900 stay out of the bundle.
export { default as SearchIcon } from '@patternfly/react-icons/dist/esm/icons/search-icon';
export { default as SyncIcon } from '@patternfly/react-icons/dist/esm/icons/sync-alt-icon';
export { default as TasksIcon } from '@patternfly/react-icons/dist/esm/icons/tasks-icon';
export { default as UserIcon } from '@patternfly/react-icons/dist/esm/icons/user-icon';
export { default as SunIcon } from '@patternfly/react-icons/dist/esm/icons/sun-icon';
export { default as MoonIcon } from '@patternfly/react-icons/dist/esm/icons/moon-icon';
export { default as AdjustIcon } from '@patternfly/react-icons/dist/esm/icons/adjust-icon';
export { default as ColumnsIcon } from '@patternfly/react-icons/dist/esm/icons/columns-icon';
export { default as CloseIcon } from '@patternfly/react-icons/dist/esm/icons/times-icon';
export { default as CopyIcon } from '@patternfly/react-icons/dist/esm/icons/copy-icon';
export { default as CheckIcon } from '@patternfly/react-icons/dist/esm/icons/check-icon';
export { default as BarsIcon } from '@patternfly/react-icons/dist/esm/icons/bars-icon';
export { default as HomeIcon } from '@patternfly/react-icons/dist/esm/icons/home-icon';
export { default as PatchIcon } from '@patternfly/react-icons/dist/esm/icons/cubes-icon';
export { default as SystemIcon } from '@patternfly/react-icons/dist/esm/icons/server-icon';
export { default as DeployIcon } from '@patternfly/react-icons/dist/esm/icons/rocket-icon';
export { default as AgentIcon } from '@patternfly/react-icons/dist/esm/icons/desktop-icon';
export { default as ReportIcon } from '@patternfly/react-icons/dist/esm/icons/chart-bar-icon';
export { default as AdminIcon } from '@patternfly/react-icons/dist/esm/icons/cog-icon';
export { default as KeyboardIcon } from '@patternfly/react-icons/dist/esm/icons/keyboard-icon';
export { default as AngleDownIcon } from '@patternfly/react-icons/dist/esm/icons/angle-down-icon';
export { default as AngleRightIcon } from '@patternfly/react-icons/dist/esm/icons/angle-right-icon';
export { default as AngleLeftIcon } from '@patternfly/react-icons/dist/esm/icons/angle-left-icon';
export { default as GlobeIcon } from '@patternfly/react-icons/dist/esm/icons/globe-icon';
