package refund

import (
	"slices"
	"testing"
)

func TestWith(t *testing.T) {
	named := []Staff{{Person: 1, Name: "a", Role: Agent}, {Person: 2, Name: "b", Role: Approver}, {Person: 3, Name: "c", Role: OwnerOf}}
	member := func(person PersonID, standing Presence) GroupMember {
		return GroupMember{Person: person, Name: "m", Standing: standing}
	}
	hidden := member(8, Creator)
	hidden.Hidden = true
	for name, test := range map[string]struct {
		fromGroup bool
		staff     []Staff
		crew      Crew
		want      map[PersonID]Role
	}{
		"as the config says":        {false, named, Crew{}, map[PersonID]Role{1: Agent, 2: Approver, 3: OwnerOf}},
		"who is away":               {false, named, Crew{Away: []PersonID{2, 3, 9}}, map[PersonID]Role{1: Agent}},
		"admins without being told": {false, named[:1], Crew{Admins: []GroupMember{member(7, Creator)}}, map[PersonID]Role{1: Agent}},
		"from the group": {true, named[:1], Crew{Admins: []GroupMember{member(7, Creator), member(6, Admin), member(5, Member)}},
			map[PersonID]Role{1: Agent, 7: OwnerOf, 6: Approver}},
		"only agents by the config":   {true, named, Crew{}, map[PersonID]Role{1: Agent}},
		"an agent who administers":    {true, named[:1], Crew{Admins: []GroupMember{member(1, Admin)}}, map[PersonID]Role{1: Agent}},
		"an agent who owns the group": {true, named[:1], Crew{Admins: []GroupMember{member(1, Creator)}}, map[PersonID]Role{1: OwnerOf}},
		"anonymous":                   {true, nil, Crew{Admins: []GroupMember{hidden}}, nil},
		"an agent who is away":        {true, named[:1], Crew{Away: []PersonID{1}}, nil},
	} {
		got := Shop{Staff: test.staff, FromGroup: test.fromGroup}.With(test.crew)
		if len(got.Staff) != len(test.want) {
			t.Errorf("%s: %v", name, got.Staff)
		}
		for person, role := range test.want {
			if got.RoleOf(person) != role {
				t.Errorf("%s: %d is %q, want %q", name, person, got.RoleOf(person), role)
			}
		}
	}
	if named[0].Role != Agent {
		t.Error("the config's staff changed")
	}
	shop := Shop{Staff: named}
	if got := shop.OnDuty(Crew{Duty: []Duty{{Person: 3}, {Person: 9}, {Person: 1}}}); !slices.Equal(got, []Duty{{Person: 3}, {Person: 1}}) {
		t.Errorf("on duty %v", got)
	}
	if shop.RoleOf(0) != NoRole {
		t.Error("nobody has a role")
	}
}
