#include "policy/workload.h"

/* spec: admission 5 "Where images and security contexts are" */
static const struct workload_kind kinds[] = {
	{"", "Pod", "", "spec", true},
	{"apps", "Deployment", "spec.template", "spec.template.spec", false},
	{"apps", "ReplicaSet", "spec.template", "spec.template.spec", false},
	{"apps", "StatefulSet", "spec.template", "spec.template.spec", false},
	{"apps", "DaemonSet", "spec.template", "spec.template.spec", false},
	{"batch", "Job", "spec.template", "spec.template.spec", false},
	{"batch", "CronJob", "spec.jobTemplate.spec.template",
	 "spec.jobTemplate.spec.template.spec", false},
	{"", "ReplicationController", "spec.template", "spec.template.spec", false},
	{"", "PodTemplate", "template", "template.spec", false},
	{NULL, NULL, NULL, NULL, false},
};

const struct workload_kind *workload_kinds(void)
{
	return kinds;
}

const struct workload_kind *workload_kind_find(struct str group, struct str kind)
{
	if (str_eq(group, S("extensions")))
		group = S("apps");
	for (const struct workload_kind *k = kinds; k->kind; k++) {
		if (str_eq(kind, str_of(k->kind)) && str_eq(group, str_of(k->group)))
			return k;
	}
	return NULL;
}
