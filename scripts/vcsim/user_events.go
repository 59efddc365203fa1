package main

import (
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// govmomi's simulator has no EventManager.LogUserEvent, which vCenter and ESXi have. This file adds it; it is
// left out of the build from Debian's older sources, whose registry cannot be extended.
func init() {
	extend = func(model *simulator.Model) {
		registry := model.Service.Context.Map
		registry.Handler = func(ctx *simulator.Context, method *simulator.Method) (mo.Reference, types.BaseMethodFault) {
			// A session's own view of an object goes before the one that all share.
			if method.Name == "LogUserEvent" && ctx.Session != nil {
				ctx.Session.Put(&userEvents{ctx.Map.EventManager()})
			}
			return nil, nil
		}
	}
}

type userEvents struct{ *simulator.EventManager }

func (m *userEvents) LogUserEvent(ctx *simulator.Context, req *types.LogUserEvent) soap.HasFault {
	event := types.Event{FullFormattedMessage: req.Msg, CreatedTime: time.Now()}
	if entity, ok := ctx.Map.Get(req.Entity).(*simulator.VirtualMachine); ok {
		event.Vm = &types.VmEventArgument{EntityEventArgument: types.EntityEventArgument{Name: entity.Name}, Vm: req.Entity}
	}
	m.PostEvent(ctx, &types.PostEvent{
		EventToPost: &types.GeneralUserEvent{GeneralEvent: types.GeneralEvent{Event: event, Message: req.Msg}},
	})
	return &methods.LogUserEventBody{Res: &types.LogUserEventResponse{}}
}
