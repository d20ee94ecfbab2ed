# Where invocations end that failed or that could not start within a minute.
resource "alicloud_message_service_topic" "failed" {
  topic_name = "flowreaper-failed"
}
