import {
  ArrowLeftRight,
  BadgeCheck,
  Bell,
  Bookmark,
  Boxes,
  CalendarClock,
  ChevronLeft,
  ChevronRight,
  ChevronsUpDown,
  CircleHelp,
  ClipboardList,
  Coins,
  Columns3,
  Database,
  Download,
  Filter,
  Globe,
  Inbox,
  KeyRound,
  LayoutGrid,
  Mail,
  Menu,
  Merge,
  Network,
  PlayCircle,
  Rows3,
  ScrollText,
  Search,
  Server,
  Settings,
  Shield,
  Shuffle,
  Users,
  X,
} from 'lucide-react'
import { drawn } from './icon'

/** The icons of the frame and of lists: on every page, so each is one element. */
export const BellIcon = drawn(Bell)
export const BookmarkIcon = drawn(Bookmark)
export const BoxesIcon = drawn(Boxes)
export const CalendarIcon = drawn(CalendarClock)
export const CloseIcon = drawn(X)
export const CoinsIcon = drawn(Coins)
export const ColumnsIcon = drawn(Columns3)
export const DatabaseIcon = drawn(Database)
export const DownloadIcon = drawn(Download)
export const FilterIcon = drawn(Filter)
export const GridIcon = drawn(LayoutGrid)
export const HelpIcon = drawn(CircleHelp)
export const InboxIcon = drawn(Inbox)
export const KeyIcon = drawn(KeyRound)
export const LeftIcon = drawn(ChevronLeft)
export const ListIcon = drawn(ClipboardList)
export const MailIcon = drawn(Mail)
export const MenuIcon = drawn(Menu)
export const MergeIcon = drawn(Merge)
export const NetworkIcon = drawn(Network)
export const PlayIcon = drawn(PlayCircle)
export const ProofIcon = drawn(BadgeCheck)
export const RightIcon = drawn(ChevronRight)
export const RowsIcon = drawn(Rows3)
export const ScrollIcon = drawn(ScrollText)
export const SearchIcon = drawn(Search)
export const ServerIcon = drawn(Server)
export const SettingsIcon = drawn(Settings)
export const ShieldIcon = drawn(Shield)
export const ShuffleIcon = drawn(Shuffle)
export const SwapIcon = drawn(ArrowLeftRight)
export const UpDownIcon = drawn(ChevronsUpDown)
export const UsersIcon = drawn(Users)
export const WorldIcon = drawn(Globe)
