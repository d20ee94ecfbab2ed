terraform {
  required_version = ">= 1.3"

  required_providers {
    alicloud = {
      source  = "aliyun/alicloud"
      version = ">= 1.285.0" # the first with alicloud_cloud_monitor_service_metric_alarm_rule
    }
  }
}

# Credentials come from the environment or the aliyun CLI's profile, never from
# a file here.
provider "alicloud" {
  region = var.region
}
