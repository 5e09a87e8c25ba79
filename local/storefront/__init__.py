"""The example `storefront` on this machine: two repositories, their workflows, three environments and four services."""
