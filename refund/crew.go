package refund

import (
	"slices"
	"time"
)

// Presence is what somebody is in a shop's group, as Telegram says.
type Presence string

// The presences. Present is all that a message of somebody's coming tells.
const (
	Creator Presence = "creator"
	Admin   Presence = "admin"
	Member  Presence = "member"
	Present Presence = "present"
	Away    Presence = "away" // left, was removed, or never came
)

// GroupMember is one person's standing in a group. Hidden says that he is an
// anonymous administrator, who has no role: in the group he is nobody.
type GroupMember struct {
	Person   PersonID `json:"person"`
	Name     string   `json:"name,omitempty"` // that Telegram shows
	Standing Presence `json:"standing"`
	Hidden   bool     `json:"hidden,omitempty"`
}

// Duty is one person's time on duty.
type Duty struct {
	Person PersonID  `json:"person"`
	Since  time.Time `json:"since"`
}

// Crew is what the desk has learnt of a shop's people, beside the config: a shop
// has one. Its version is a precondition as a case's is.
type Crew struct {
	Shop    ShopID        `json:"shop"`
	Version uint64        `json:"version"`          // 0: not stored yet
	Heard   uint64        `json:"heard,omitempty"`  // how often somebody's standing changed
	Admins  []GroupMember `json:"admins,omitempty"` // of the group, where roles come from it
	Away    []PersonID    `json:"away,omitempty"`   // named in the config, and not in the group
	Duty    []Duty        `json:"duty,omitempty"`   // in the order in which their turn comes
	Last    PersonID      `json:"last,omitempty"`   // whose turn it was last
}

// With returns the shop with the people who work for it now. Whoever is not in the
// group has no role, wherever it was given. Where roles come from the group, its
// creator is an owner and its administrators are approvers; whom the config names as
// an agent stays one, unless he is the creator.
func (s Shop) With(crew Crew) Shop {
	var staff []Staff
	for _, one := range s.Staff {
		if !slices.Contains(crew.Away, one.Person) && (!s.FromGroup || one.Role == Agent) {
			staff = append(staff, one)
		}
	}
	if s.FromGroup {
		for _, admin := range crew.Admins {
			i := slices.IndexFunc(staff, func(one Staff) bool { return one.Person == admin.Person })
			switch {
			case admin.Hidden:
			case i >= 0 && admin.Standing == Creator:
				staff[i].Role = OwnerOf
			case i >= 0:
			case admin.Standing == Creator:
				staff = append(staff, Staff{Person: admin.Person, Name: admin.Name, Role: OwnerOf})
			case admin.Standing == Admin:
				staff = append(staff, Staff{Person: admin.Person, Name: admin.Name, Role: Approver})
			}
		}
	}
	s.Staff = staff
	return s
}

// OnDuty returns who of the shop's people is on duty, in turn.
func (s Shop) OnDuty(crew Crew) []Duty {
	return slices.DeleteFunc(slices.Clone(crew.Duty), func(one Duty) bool { return s.RoleOf(one.Person) == NoRole })
}

// Taken is who of the shop's people looks after a case. That neither gives nor takes
// the right to decide. It ends with the case's TimerTaken; while others have the move
// there is none, and it goes on when the case comes back.
type Taken struct {
	Person PersonID  `json:"person"`
	At     time.Time `json:"at"`
}
