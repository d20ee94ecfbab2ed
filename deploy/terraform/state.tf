# The bucket that deploy/state.yaml mounts, and the right to use it, for both
# roles: the ledger of stops is kept in either mode.

locals {
  stateful = var.state_bucket == "" ? toset([]) : local.modes
}

resource "alicloud_oss_bucket" "state" {
  count  = var.state_bucket == "" ? 0 : 1
  bucket = var.state_bucket
}

resource "alicloud_ram_policy" "state" {
  count           = var.state_bucket == "" ? 0 : 1
  policy_name     = "flowreaper-state-${var.region}"
  description     = "What mounting flowreaper's state bucket takes"
  policy_document = replace(file("${path.module}/../ram/state.json"), "BUCKET", var.state_bucket)
}

resource "alicloud_ram_role_policy_attachment" "state" {
  for_each    = local.stateful
  role_name   = "flowreaper-${each.key}"
  policy_name = alicloud_ram_policy.state[0].policy_name
  policy_type = alicloud_ram_policy.state[0].type
  depends_on  = [alicloud_ram_role.function]
}
