# The function's two roles. s.yaml's mode chooses between them, so that a
# function that plans isn't allowed to stop. The documents are those of
# ../ram, which the aliyun CLI uses as well.

locals {
  modes = toset(["plan", "enforce"])
  roles = var.roles ? local.modes : toset([])
}

resource "alicloud_ram_role" "function" {
  for_each                    = local.roles
  role_name                   = "flowreaper-${each.key}"
  description                 = "The role of the function flowreaper in mode ${each.key}"
  assume_role_policy_document = file("${path.module}/../ram/trust.json")
}

resource "alicloud_ram_policy" "function" {
  for_each        = local.roles
  policy_name     = "flowreaper-${each.key}"
  description     = "What the function flowreaper may do in mode ${each.key}"
  policy_document = file("${path.module}/../ram/${each.key}.json")
  # Editing a document makes a version of the policy, of which RAM keeps five.
  rotate_strategy = "DeleteOldestNonDefaultVersionWhenLimitExceeded"
}

resource "alicloud_ram_role_policy_attachment" "function" {
  for_each    = local.roles
  role_name   = alicloud_ram_role.function[each.key].role_name
  policy_name = alicloud_ram_policy.function[each.key].policy_name
  policy_type = alicloud_ram_policy.function[each.key].type
}
