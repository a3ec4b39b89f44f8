package dialogs

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"tuidan/refund"
)

// crewStep steps an event about the shop's people, and lets what it learnt count.
func crewStep(event refund.Event, crew refund.Crew, fromGroup bool) Result {
	facts := Facts{Now: noon, Shop: shop, Shops: []refund.Shop{shop}, Policy: rules(), Crew: crew, Named: shop.Staff}
	facts.Crew.Shop, facts.Shop.FromGroup = shop.ID, fromGroup
	facts.Shop = facts.Shop.With(crew)
	return Step(refund.Chat{}, nil, event, facts)
}

func stands(members ...refund.GroupMember) refund.Event {
	return refund.Event{Kind: refund.Stands, Chat: shop.Group, Shop: shop.ID, Members: members}
}

func TestWhoLeavesLosesHisRole(t *testing.T) {
	crew := refund.Crew{Version: 4, Duty: []refund.Duty{{Person: wang}, {Person: zhao}}}
	r := crewStep(stands(refund.GroupMember{Person: wang, Standing: refund.Away}), crew, false)
	want := refund.Crew{Shop: shop.ID, Version: 5, Heard: 1, Away: []refund.PersonID{wang}, Duty: []refund.Duty{{Person: zhao}}}
	if r.Crew == nil || cmp.Diff(want, *r.Crew) != "" || cmp.Diff([]refund.PersonID{wang}, r.Lost) != "" {
		t.Fatalf("crew %+v, lost %v", r.Crew, r.Lost)
	}
	// The message and the standing both tell of it: the second changes nothing, and nobody is told twice.
	again := crewStep(stands(refund.GroupMember{Person: wang, Standing: refund.Away}), *r.Crew, false)
	if len(again.Lost) > 0 || len(again.Messages) > 0 {
		t.Errorf("told twice: %v", again.Messages)
	}
	// A press that was under way when he left counts no more.
	s := newScene(t)
	s.change = func(f *Facts) { f.Named = f.Shop.Staff; f.Shop = f.Shop.With(*r.Crew) }
	s.open(orderOf("T1", 3000, refund.StateArrived), refund.FailedTopUp)
	s.answer(refund.ReadRecord, refund.Result{Record: &refund.Record{State: refund.StateArrived}})
	s.status(refund.AwaitingApproval)
	if s.press(wang, 0, "approve", ""); s.last.Answer == nil || s.last.Answer.Words.Key != "not_staff" || s.last.Case != nil {
		t.Errorf("his press counts: %+v", s.last.Answer)
	}
	if s.press(zhao, 0, "approve", ""); s.last.Case == nil {
		t.Errorf("his colleague's does not: %+v", s.last.Answer)
	}
	back := crewStep(stands(refund.GroupMember{Person: wang, Standing: refund.Present}), *r.Crew, false)
	if back.Crew == nil || len(back.Crew.Away) > 0 {
		t.Errorf("he came back: %+v", back.Crew)
	}
	if r := crewStep(stands(refund.GroupMember{Person: who, Standing: refund.Away}), crew, false); r.Crew != nil {
		t.Errorf("a stranger left: %+v", r.Crew)
	}
}

// What was asked before somebody's standing changed may be older than that.
func TestOldRollIsAskedAgain(t *testing.T) {
	roll := &refund.Roll{Admins: []refund.GroupMember{{Person: chen, Standing: refund.Creator}, {Person: wang, Standing: refund.Admin}}}
	read := refund.Event{Kind: refund.CrewRead, Job: refund.Job{Kind: refund.ReadCrew, Crew: 2, Order: refund.Order{OrderKey: refund.OrderKey{Shop: shop.ID}}},
		Result: refund.Result{Crew: roll}}
	crew := refund.Crew{Version: 9, Heard: 2, Admins: []refund.GroupMember{{Person: chen, Standing: refund.Creator}}}
	r := crewStep(read, crew, true)
	if r.Crew == nil || cmp.Diff(roll.Admins, r.Crew.Admins) != "" || r.Crew.Version != 10 || r.Crew.Heard != 2 {
		t.Fatalf("crew %+v", r.Crew)
	}
	if same := crewStep(read, *r.Crew, true); same.Crew != nil || len(same.Messages) > 0 {
		t.Errorf("nothing changed, and yet %+v", same)
	}
	demoted := crewStep(stands(refund.GroupMember{Person: wang, Standing: refund.Member}), *r.Crew, true)
	if cmp.Diff([]refund.PersonID{wang}, demoted.Lost) != "" {
		t.Fatalf("lost %v", demoted.Lost)
	}
	late := crewStep(read, *demoted.Crew, true)
	if late.Crew != nil || len(late.Jobs) != 1 || late.Jobs[0].Kind != refund.ReadCrew || late.Jobs[0].Crew != demoted.Crew.Heard {
		t.Errorf("an old answer counts: %+v", late)
	}
	if r := crewStep(stands(refund.GroupMember{Person: zhao, Standing: refund.Present}), crew, true); len(r.Jobs) != 1 {
		t.Errorf("somebody came, and what he is is not asked: %v", r.Jobs)
	}
}

// With no owner left the group is told what owners would be.
func TestNoOwner(t *testing.T) {
	r := crewStep(stands(refund.GroupMember{Person: chen, Standing: refund.Away}), refund.Crew{}, false)
	if len(r.Messages) != 1 || r.Messages[0].Chat != 0 || r.Messages[0].Shop != shop.ID {
		t.Errorf("told: %+v", r.Messages)
	}
}
