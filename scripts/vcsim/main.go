// Command vcsim is a vCenter or ESXi simulator for the tests: govmomi's simulator package behind the
// flags of govmomi's own vcsim command that the tests need, pinned so that every machine runs the same one.
//
// Three things are its own: it stops when its standard input closes (so that it never outlives the tests
// that started it), it prints the address it listens on, and it takes user events (user_events.go).
package main

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"log"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/vmware/govmomi/simulator"
	_ "github.com/vmware/govmomi/vapi/simulator"
)

// extend adds what the simulator lacks, where this build can.
var extend func(*simulator.Model)

func main() {
	log.SetFlags(0)
	esx := flag.Bool("esx", false, "simulate a standalone ESXi host instead of a vCenter")
	address := flag.String("l", "127.0.0.1:0", "address to listen on")
	useTLS := flag.Bool("tls", true, "serve over TLS")
	certFile := flag.String("tlscert", "", "file of the certificate in PEM")
	keyFile := flag.String("tlskey", "", "file of the certificate's key in PEM")
	username := flag.String("username", "", "the only user that can log in (default: any)")
	password := flag.String("password", "", "password of that user")
	stdin := flag.Bool("stdin", false, "stop when standard input closes")
	autostart := flag.Bool("autostart", true, "power the VMs on")
	dc := flag.Int("dc", -1, "number of datacenters")
	cluster := flag.Int("cluster", -1, "clusters in each datacenter")
	clusterHost := flag.Int("host", -1, "hosts in each cluster")
	host := flag.Int("standalone-host", -1, "standalone hosts in each datacenter")
	pool := flag.Int("pool", -1, "resource pools in each cluster")
	ds := flag.Int("ds", -1, "local datastores")
	vm := flag.Int("vm", -1, "VMs in each resource pool")
	folder := flag.Int("folder", -1, "datacenters that are placed in a folder")
	pg := flag.Int("pg", -1, "distributed port groups in each datacenter")
	app := flag.Int("app", -1, "virtual apps in each cluster")
	pod := flag.Int("pod", -1, "storage pods in each datacenter")
	delay := flag.Int("delay", 0, "milliseconds that every method takes")
	methodDelay := flag.String("method-delay", "", "milliseconds that a method takes: Method:ms,Method:ms")
	flag.Parse()

	model := simulator.VPX()
	if *esx {
		model = simulator.ESX()
	}
	model.Autostart = *autostart
	for _, set := range []struct {
		from int
		to   *int
	}{
		{*dc, &model.Datacenter}, {*cluster, &model.Cluster}, {*clusterHost, &model.ClusterHost}, {*host, &model.Host},
		{*pool, &model.Pool}, {*ds, &model.Datastore}, {*vm, &model.Machine}, {*folder, &model.Folder},
		{*pg, &model.Portgroup}, {*app, &model.App}, {*pod, &model.Pod},
	} {
		if set.from >= 0 {
			*set.to = set.from
		}
	}
	model.DelayConfig.Delay = *delay
	delays := methodDelays(*methodDelay)
	model.DelayConfig.MethodDelay = delays
	// Tasks have names of their own (`PowerOff`, `CloneVM_Task`); `LockHandoff:0` lets others look on meanwhile.
	simulator.TaskDelay.MethodDelay = delays

	defer model.Remove()
	if err := model.Create(); err != nil {
		log.Fatal(err)
	}
	if extend != nil {
		extend(model)
	}
	listen := &url.URL{Host: *address}
	if *username != "" {
		listen.User = url.UserPassword(*username, *password)
	}
	model.Service.Listen = listen
	model.Service.RegisterEndpoints = true
	if *useTLS {
		model.Service.TLS = tlsConfig(*certFile, *keyFile)
	}
	server := model.Service.NewServer()

	fingerprint := ""
	if *useTLS {
		fingerprint = thumbprint(server.TLS.Certificates[0])
	}
	extras := ""
	if extend != nil {
		extras = " USER_EVENTS=true"
	}
	fmt.Printf("export GOVC_URL=%s GOVC_SIM_PID=%d%s\n", server.URL, os.Getpid(), extras)
	fmt.Printf("listening url=%s://%s%s pid=%d sha256=%s\n",
		server.URL.Scheme, server.URL.Host, server.URL.Path, os.Getpid(), fingerprint)

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	if *stdin {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			stop <- syscall.SIGTERM
		}()
	}
	<-stop
	// A connection that waits for updates must not hold the process.
	go func() {
		time.Sleep(time.Second)
		model.Remove()
		os.Exit(0)
	}()
	server.Close()
}

func tlsConfig(certFile, keyFile string) *tls.Config {
	config := &tls.Config{}
	if certFile == "" {
		return config
	}
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		log.Fatal(err)
	}
	config.Certificates = []tls.Certificate{pair}
	return config
}

func thumbprint(certificate tls.Certificate) string {
	leaf, err := x509.ParseCertificate(certificate.Certificate[0])
	if err != nil {
		log.Fatal(err)
	}
	sum := sha256.Sum256(leaf.Raw)
	return hex.EncodeToString(sum[:])
}

func methodDelays(list string) map[string]int {
	delays := map[string]int{}
	for _, entry := range strings.Split(list, ",") {
		if entry == "" {
			continue
		}
		var milliseconds int
		name, value, _ := strings.Cut(entry, ":")
		if _, err := fmt.Sscanf(value, "%d", &milliseconds); err != nil {
			log.Fatalf("-method-delay: %q is not Method:milliseconds", entry)
		}
		delays[name] = milliseconds
	}
	return delays
}
