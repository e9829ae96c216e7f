// Package main is the control plane of the test lab as one program: etcd and kube-apiserver in the
// same file share most of what they link. The name it is called by says which of the two it is.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() {
	name := filepath.Base(os.Args[0])
	if name == "etcd" {
		etcdmain.Main(os.Args)
		return
	}
	if name != "kube-apiserver" {
		fmt.Fprintf(os.Stderr, "%s: call this program as etcd or as kube-apiserver\n", name)
		os.Exit(2)
	}
	os.Exit(cli.Run(app.NewAPIServerCommand()))
}
